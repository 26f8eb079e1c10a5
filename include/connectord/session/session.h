#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/engine/routing.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"
#include "connectord/runtime/services.h"

namespace connectord::session {

class Authenticator;
class HeaderEdit;
class MessageSigner;
class MessageTrace;

// How many messages are on their way, and whether new ones are still taken: what a graceful stop waits for.
// Thread-safe.
class Intake {
 public:
  bool open() const { return open_.load(std::memory_order_relaxed); }
  void close() { open_.store(false, std::memory_order_relaxed); }
  std::int64_t messages() const { return messages_.load(std::memory_order_relaxed); }
  void begin() { messages_.fetch_add(1, std::memory_order_relaxed); }
  void end() { messages_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  std::atomic<bool> open_ = true;
  std::atomic<std::int64_t> messages_ = 0;
};

struct Connection {
  std::string client_name;
  std::optional<net::IpAddress> client_address;
  std::uint16_t client_port = 0;
  std::uint16_t server_port = 0;  // 0 where the MTA does not tell
  bool local_submission = false;  // handed in by the sendmail command
};

// What the front end is to tell the MTA.
struct Answer {
  model::Action action = model::Action::accept;  // accept: go on
  std::optional<model::Reply> reply{};
  std::string quarantine{};  // the reason, for quarantine
};

struct Ending {
  Answer answer;
  std::vector<model::HeaderChange> header_changes;  // in the order to carry them out
  // All that was decided, and what it was decided by; explain shows it.
  model::Decision decision;
  model::Authentication authentication{};
  std::optional<model::OriginalClient> original{};
};

// The way of the messages of one SMTP connection through their events, in the order of RFC 5321. Knows no protocol.
// The calls of one session must not overlap; they may come from different threads.
class Session {
 public:
  Session(const runtime::Services& services, Intake& intake);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void connected(Connection connection);
  void helo(std::string_view name);
  // What the MTA tells of TLS, at HELO and again at MAIL: a client may go on after STARTTLS without a second EHLO.
  void secured(std::optional<model::Tls> tls, model::ClientCertificate certificate);

  Answer mail_from(std::string_view path, std::string_view sasl_username);
  // `queue_id` is empty where the MTA has none yet; `delivered_here` says that the MTA delivers this recipient's mail
  // itself.
  Answer rcpt_to(std::string_view path, std::string_view queue_id, bool delivered_here = false);
  // In the order of the message; the value with its leading space and its folding.
  void header(std::string_view name, std::string_view value);
  void end_of_headers();
  // With CRLF line ends, in pieces of any size. Only wanted where wants_body() says so.
  void body(std::string_view chunk);
  Ending end_of_message(std::string_view queue_id);
  // What was decided at RCPT; empty before the first recipient.
  model::Decision envelope_decision() const { return envelope_decision_.value_or(model::Decision{}); }
  // True if the current configuration verifies or makes signatures. An MTA is told at the start of a connection whether
  // to hand over bodies; `has_body` says that it was told so, and otherwise messages that need theirs are deferred.
  static bool wants_body(const engine::Policy& policy);
  void set_has_body(bool has_body) { has_body_ = has_body; }
  // The message ends here without an answer of ours; the connection goes on.
  void abort();

 private:
  bool begin_message();
  Answer refuse_message(std::string text);
  void decide_envelope();
  // Each kind has one line in the log for a message, which may have thousands of recipients.
  enum class Refusal : std::uint8_t { by_envelope, by_route };
  Answer refuse_recipient(std::string_view queue_id, model::Decision decision, Refusal kind);
  Answer admit(std::string_view recipient, std::string_view queue_id, bool delivered_here);
  void take_route(model::Decision& decision) const;
  void begin_content();
  void end_message();
  void join_policy_facts();
  void sign(std::string_view queue_id, Ending& ending);
  model::Decision decide(model::Facts::Stage stage);
  void log(std::string_view queue_id, const model::Decision& decision) const;

  runtime::Services services_;
  Intake& intake_;
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
