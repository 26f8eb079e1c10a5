#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/decision.h"
#include "connectord/model/facts.h"
#include "connectord/model/words.h"

// What goes into the message trace. Plain values. Times are milliseconds since 1970, UTC.
namespace connectord::trace {

// inbound: mail that comes to us. outbound: mail of our users and programs, and mail that an outbound connector takes.
// validation: nobody's mail, by which we tried our own server. Stored: do not change.
enum class Direction : std::uint8_t { inbound = 0, outbound = 1, validation = 2 };
consteval auto words_of(Direction) {
  return std::to_array<model::Named<Direction>>(
      {{Direction::inbound, "inbound"}, {Direction::outbound, "outbound"}, {Direction::validation, "validation"}});
}

// What became of a message for one recipient. `getting_status`: it was accepted, and no delivery is known so far;
// `pending`: a delivery, or the client, is to try again; `expanded`: it went on to other recipients.
// Stored: do not change.
enum class Status : std::uint8_t {
  getting_status = 0,
  pending = 1,
  delivered = 2,
  failed = 3,
  quarantined = 4,
  expanded = 5,
};
consteval auto words_of(Status) {
  return std::to_array<model::Named<Status>>({{Status::getting_status, "getting_status"},
                                              {Status::pending, "pending"},
                                              {Status::delivered, "delivered"},
                                              {Status::failed, "failed"},
                                              {Status::quarantined, "quarantined"},
                                              {Status::expanded, "expanded"}});
}

// By what a delivery to another host was protected, as far as the mail server's log shows it. Stored: do not change.
enum class Protection : std::uint8_t {
  none = 0,       // the log has no TLS of it
  encrypted = 1,  // for whoever was at the other end
  verified = 2,   // the host's certificate too, as the mail server's own settings ask
  connector = 3,  // verified, as the outbound connector's level asks
  mta_sts = 4,    // verified, as the destination's MTA-STS policy asks
  dane = 5        // verified, by the destination's TLSA records
};
consteval auto words_of(Protection) {
  return std::to_array<model::Named<Protection>>({{Protection::none, "none"},
                                                  {Protection::encrypted, "encrypted"},
                                                  {Protection::verified, "verified"},
                                                  {Protection::connector, "connector"},
                                                  {Protection::mta_sts, "mta-sts"},
                                                  {Protection::dane, "dane"}});
}

// Where in the SMTP dialogue the answer was given. `mta`: the mail server refused by its own rules.
// Stored: do not change.
enum class Stage : std::uint8_t { mail_from = 0, rcpt_to = 1, message = 2, mta = 3 };
consteval auto words_of(Stage) {
  return std::to_array<model::Named<Stage>>(
      {{Stage::mail_from, "mail_from"}, {Stage::rcpt_to, "rcpt_to"}, {Stage::message, "message"}, {Stage::mta, "mta"}});
}

// Where the time at a message's end went, in milliseconds.
struct StageTimes {
  std::int64_t end_of_message = 0;  // from the mail server's word that it is whole to the answer
  std::int64_t authentication = 0;  // of these: the wait for DNS, and what SPF, DKIM, DMARC and ARC take
};

// Where the time of a delivery went, in milliseconds: Postfix's delays=a/b/c/d.
struct DeliveryTimes {
  std::int64_t before_queue_manager = 0;
  std::int64_t in_queue_manager = 0;
  std::int64_t connection = 0;  // DNS, TCP, HELO, TLS
  std::int64_t transmission = 0;

  friend bool operator==(const DeliveryTimes&, const DeliveryTimes&) = default;
};

// One final answer, for one recipient or many. Refers to the caller's values.
struct Entry {
  const model::Facts& facts;
  const model::Decision& decision;
  const std::vector<std::string>& recipients;  // those that the answer is for; may be empty
  Stage stage = Stage::message;
  Direction direction = Direction::inbound;
  std::int64_t time = 0;       // of the answer
  std::int64_t connected = 0;  // 0: not known
  std::int64_t began = 0;      // MAIL FROM; 0: not known
  std::string_view queue_id{};
  std::string_view message_id{};  // with its angle brackets, as the header has it
  std::string_view from{};        // the value of the From field
  std::string_view subject{};     // empty where it is not to be kept
  std::optional<std::uint64_t> size{};
  std::string_view outbound_connector{};
  // One for each recipient, where not all leave by the same; `outbound_connector` is empty then.
  std::span<const std::string> outbound_connectors{};
  std::optional<StageTimes> stages{};  // at the end of a message
  bool is_reported = false;            // it counts in a DMARC report, so what the domain's record asks for is kept
};

// One attempt to deliver a message to one recipient, as the mail server's log reports it. Without a recipient it is
// about nobody of RCPT TO, such as whoever gets a bounce; with neither recipient nor address, about all for whom it is
// not over.
struct Delivery {
  std::string queue_id;
  std::string recipient;  // as the log has it, which may spell RCPT TO in another way
  std::string address;    // to whom it went in the end; empty where that is the same
  // Whose alias the address comes from, or whose mail it is: Sendmail does not say which of the two.
  std::string on_behalf_of{};
  // The queue file has this recipient and no other, so it is the one of RCPT TO whatever it is called now.
  bool is_only_one = false;
  std::int64_t time = 0;
  Status status = Status::delivered;
  std::string relay;
  std::string enhanced;                    // RFC 3463
  std::string tls;                         // of the delivery, in the log's words; empty where not known
  std::string text;                        // what the next hop said
  std::int64_t delay = 0;                  // milliseconds
  std::optional<DeliveryTimes> times{};    // where the log has them
  std::optional<Protection> protection{};  // of a delivery that was taken by another host
};

// A message went on, or back, under another queue ID: re-injection, a bounce.
struct Requeueing {
  std::string queue_id;
  std::string child_queue_id;
  std::int64_t time = 0;
};

// What the mail server logs of a message when it takes it into its queue.
struct Queued {
  std::string queue_id;
  std::int64_t time = 0;
  std::uint64_t size = 0;
};

// What was read from the mail server's log in one go, and how far it was read.
struct LogBatch {
  std::vector<Queued> queued;
  std::vector<Requeueing> children;
  std::vector<Delivery> deliveries;
  std::vector<Entry> refusals;  // by the mail server itself; their `stage` is Stage::mta
  std::string position;         // the reader's own words; kept together with the rest, or not at all
};

std::string_view to_string(Direction direction);
std::string_view to_string(Status status);
std::string_view to_string(Stage stage);
std::optional<Direction> parse_direction(std::string_view word);

// A status as people say it. What failed is two things: what was refused is still at its sender, what was taken and
// failed later bounced.
struct SpokenStatus {
  Status status = Status::getting_status;
  std::optional<bool> was_taken{};  // std::nullopt: either

  friend bool operator==(const SpokenStatus&, const SpokenStatus&) = default;
};

// "accepted", "deferred", "refused", "bounced", and so on.
std::string_view spoken(Status status, model::Action action);
// Those words and others for the same ("rejected", "sent", "held"), and those of to_string().
std::optional<SpokenStatus> parse_spoken_status(std::string_view word);
// All that are read, the usual ones first.
std::vector<std::string> spoken_statuses();
std::optional<model::Action> parse_action(std::string_view word);

}  // namespace connectord::trace
