#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/base/gate.h"
#include "connectord/engine/routing.h"
#include "connectord/mail/header_field.h"
#include "connectord/mime/bytes.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"
#include "connectord/runtime/services.h"

namespace connectord::session {

class Authenticator;
class HeaderEdit;
class KeptBody;
class LineLengths;
class MessageSigner;
class MessageTrace;
class OriginalMessage;
struct Apart;

// How many messages are on their way, and whether new ones are still taken: what a graceful stop waits for.
// Thread-safe.
class InFlight {
 public:
  bool open() const { return open_.load(std::memory_order_relaxed); }
  void close() { open_.store(false, std::memory_order_relaxed); }
  std::int64_t messages() const { return messages_.load(std::memory_order_relaxed); }
  void begin() { messages_.fetch_add(1, std::memory_order_relaxed); }
  void end() { messages_.fetch_sub(1, std::memory_order_relaxed); }
  // By which those have their text in memory that are too large to be kept there: it is there several times over. More
  // at one time would not be read sooner, since reading takes a processor.
  base::Gate& reading_room() { return reading_room_; }

 private:
  static constexpr std::size_t max_read_at_once = 8;

  std::atomic<bool> open_ = true;
  std::atomic<std::int64_t> messages_ = 0;
  base::Gate reading_room_{max_read_at_once};
};

struct Connection {
  std::string client_name;
  std::optional<net::IpAddress> client_address;
  std::uint16_t client_port = 0;
  std::uint16_t server_port = 0;  // 0 where the MTA does not pass it
  bool local_submission = false;  // handed in by the sendmail command
};

// What the front end is to answer to the MTA.
struct Answer {
  model::Action action = model::Action::accept;  // accept: go on; discard: at the end of a message only
  std::optional<model::Reply> reply{};
  std::string quarantine{};  // the reason, for quarantine
};

struct EndOfMessageResult {
  Answer answer;
  std::vector<model::HeaderChange> header_changes;  // in the order to carry them out
  // All that was decided, and what it was decided by; explain shows it.
  model::Decision decision;
  model::Authentication authentication{};
  std::optional<model::OriginalClient> original{};
  // For a message that goes on, after the changes of its header: recipients that are no longer to get it, as RCPT had
  // them, and others that are.
  std::vector<std::string> removed_recipients{};
  std::vector<model::AddedRecipient> added_recipients{};
  std::shared_ptr<const mime::Bytes> body{};  // the new one, where it is changed; after all other changes
};

// The way of the messages of one SMTP connection through their events, in the order of RFC 5321. Knows no protocol.
// The calls of one session must not overlap; they may come from different threads.
class Session {
 public:
  Session(const runtime::Services& services, InFlight& intake);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void connected(Connection connection);
  void helo(std::string_view name);
  // What the MTA passes about TLS, at HELO and again at MAIL: a client may go on after STARTTLS without a second EHLO.
  void secured(std::optional<model::Tls> tls, model::ClientCertificate certificate);

  // `envelope_id` is the value of ENVID (RFC 3461), as xtext.
  Answer mail_from(std::string_view path, std::string_view sasl_username, std::string_view envelope_id = {});
  // `queue_id` is empty where the MTA has none yet; `delivered_here` says that the MTA delivers this recipient's mail
  // itself.
  Answer rcpt_to(std::string_view path, std::string_view queue_id, bool delivered_here = false);
  // In the order of the message; the value with its leading space and its folding.
  void header(std::string_view name, std::string_view value);
  void end_of_headers();
  // With CRLF line ends, in pieces of any size. Only wanted where wants_body() says so.
  void body(std::string_view chunk);
  EndOfMessageResult end_of_message(std::string_view queue_id);
  // What was decided at RCPT; empty before the first recipient.
  model::Decision envelope_decision() const { return envelope_decision_.value_or(model::Decision{}); }
  // True if the current configuration verifies or makes signatures. An MTA is asked at the start of a connection
  // whether to hand over bodies; `has_body` says that it was asked for them, and otherwise messages that need theirs
  // are deferred.
  static bool wants_body(const engine::Policy& policy);
  void set_has_body(bool has_body) { has_body_ = has_body; }
  // The message ends here without an answer of ours; the connection goes on.
  void abort();

 private:
  bool begin_message();
  Answer refuse_message(std::string text);
  void decide_envelope();
  // Each kind has one line in the log for a message, which may have thousands of recipients.
  enum class Refusal : std::uint8_t { by_envelope, by_route, by_rule };
  Answer refuse_recipient(std::string_view queue_id, model::Decision decision, Refusal kind);
  Answer admit(std::string_view recipient, std::string_view queue_id, bool delivered_here);
  void take_route(model::Decision& decision) const;
  void recognize_own_mail();
  void begin_content();
  void end_message();
  void join_policy_facts();
  void keep_field(std::string_view name, std::string_view value);
  std::optional<Apart> judge(model::Decision& decision);
  void gather_content(base::Gate::Pass& place);
  void read_message(base::Gate::Pass& place);
  void forget_texts();
  void sign(std::string_view queue_id, EndOfMessageResult& ending,
            const std::vector<mail::HeaderField>* changed_header);
  void seal(EndOfMessageResult& ending, const std::vector<mail::HeaderField>& changed_header);
  void note_long_lines(EndOfMessageResult& ending) const;
  std::optional<model::Decision> split_from_first(std::string_view recipient) const;
  model::Decision decide(model::Facts::Stage stage);
  void log(std::string_view queue_id, const model::Decision& decision) const;

  runtime::Services services_;
  InFlight& intake_;
  std::shared_ptr<runtime::LiveSessions::Session> live_;
  model::Facts facts_;
  // The connection's own, before what a policy request added.
  std::optional<model::Tls> tls_;
  model::ClientCertificate certificate_;

  bool has_body_ = true;

  bool in_message_ = false;
  runtime::Generation generation_;                      // of this message
  std::shared_ptr<const runtime::PolicyFacts> joined_;  // what the envelope was decided with
  std::optional<model::Decision> envelope_decision_;    // of the recipients so far
  engine::MessageRoute route_;                          // of the recipients so far, by the envelope decision's tag
  bool split_logged_ = false;
  bool rule_logged_ = false;
  std::vector<std::string> recipient_paths_;  // as RCPT had them, where rules may take recipients away
  std::size_t kept_header_bytes_ = 0;
  std::shared_ptr<KeptBody> kept_body_;        // where a rule asks for content
  std::unique_ptr<OriginalMessage> original_;  // where a rule writes mail
  std::unique_ptr<LineLengths> lines_;         // where messages are signed or sealed
  std::uint64_t message_bytes_ = 0;
  std::size_t recipient_bytes_ = 0;
  bool in_content_ = false;
  const model::EnhancedFiltering* filtering_ = nullptr;  // of the connector, where it is for this message
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<HeaderEdit> header_edit_;
  std::unique_ptr<MessageSigner> signer_;
  std::unique_ptr<MessageTrace> trace_;
  bool refusal_logged_ = false;
};

}  // namespace connectord::session
