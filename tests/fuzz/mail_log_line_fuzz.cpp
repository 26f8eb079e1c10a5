#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/base/text.h"
#include "maillog/mail_log_line.h"

// Any line of a log: what is kept is bounded and UTF-8, and stands in the line. And what a remote server says, or a
// client gives as an address, changes nothing else of the line.

namespace {

using namespace connectord;
namespace logged = maillog;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

void require_kept(const std::string& value) {
  require(value.size() <= 1100 && base::is_utf8(value));
}

struct Kept {
  void operator()(const maillog::DeliveryAttempt& attempt) const {
    require(!attempt.recipients.empty());
    for (const auto& recipient : attempt.recipients) require_kept(recipient);
    require_kept(attempt.original_recipient);
    require_kept(attempt.relay.name);
    require_kept(attempt.text);
    require(attempt.delay.count() >= 0);
    require(attempt.next_queue_id.empty() || attempt.relay.is_local());
  }
  void operator()(const maillog::Refused& refused) const {
    require(refused.code >= 400 && refused.code <= 599);
    require_kept(refused.reply);
    require_kept(refused.recipient);
    require_kept(refused.mail_from);
    require_kept(refused.helo);
    require_kept(refused.sasl_username);
  }
  void operator()(const maillog::NotAttempted& withheld) const {
    require_kept(withheld.recipient);
    require_kept(withheld.reason);
  }
  void operator()(const maillog::TlsEstablished& tls) const { require_kept(tls.cipher); }
  void operator()(const maillog::Received& received) const { require_kept(received.client_name); }
  void operator()(const maillog::PickedUp& picked_up) const { require_kept(picked_up.mail_from); }
  void operator()(const maillog::MessageId& id) const { require_kept(id.value); }
  void operator()(const maillog::Queued& queued) const { require_kept(queued.mail_from); }
  void operator()(const maillog::Held& held) const { require_kept(held.reason); }
  void operator()(const maillog::Discarded& discarded) const { require_kept(discarded.reason); }
  void operator()(const maillog::Notified& notified) const { require(!notified.notification_queue_id.empty()); }
  template <typename Other>
  void operator()(const Other&) const {}
};

const maillog::LogClock& clock_of_the_run() {
  static const maillog::LogClock clock{
      std::chrono::sys_days(std::chrono::year(2026) / 11 / 22),
      [](std::int64_t local) { return std::chrono::sys_seconds(std::chrono::seconds(local)); }};
  return clock;
}

bool is_printable(std::string_view text) {
  for (const char c : text) {
    if (base::is_control(c)) return false;
  }
  return true;
}

void require_that_a_reply_changes_nothing(std::string_view reply) {
  if (reply.size() > 2000 || !is_printable(reply)) return;
  const std::string line =
      "Nov 21 23:52:18 mx postfix/smtp[7]: 4ABCDEF: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=1, "
      "delays=1/0/0/0, dsn=5.1.1, status=bounced (host mx.b.example[192.0.2.1] said: " +
      std::string(reply) + ")";
  const auto event = maillog::parse_mail_log_line(line, clock_of_the_run());
  require(event.has_value() && event->queue_id == "4ABCDEF");
  const auto* attempt = std::get_if<maillog::DeliveryAttempt>(&event->detail);
  require(attempt != nullptr && attempt->recipients == std::vector<std::string>{"a@b.example"});
  require(attempt->status == maillog::DeliveryStatus::bounced && attempt->relay.address == "192.0.2.1");
}

// As a mail server writes an address: the local part in quotes, with quotes and backslashes escaped.
std::string quoted(std::string_view local_part) {
  std::string address = "\"";
  for (const char c : local_part) {
    if (c == '"' || c == '\\') address += '\\';
    address += c;
  }
  return address + "\"@b.example";
}

// Nor does what a user is called, in the lines of Postfix 3.10 and later.
void require_that_a_user_changes_nothing(std::string_view user) {
  if (user.size() > 1000 || !is_printable(user)) return;
  const auto event = maillog::parse_mail_log_line(
      "Nov 21 23:52:18 mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from h[192.0.2.7]: 550 5.1.1 <a@b.example>: no; "
      "from=<s@t.example> to=<a@b.example> proto=ESMTP helo=<h> sasl_method=PLAIN sasl_username=" +
          std::string(user),
      clock_of_the_run());
  require(event.has_value());
  const auto& refused = std::get<maillog::Refused>(event->detail);
  require(refused.reply == "550 5.1.1 <a@b.example>: no");
  const bool is_read = refused.mail_from == "s@t.example" && refused.recipient == "a@b.example" && refused.helo == "h";
  const bool is_left = refused.mail_from.empty() && refused.recipient.empty() && refused.helo.empty();
  require(is_read || is_left);
}

void require_that_an_address_changes_nothing(std::string_view local_part) {
  if (local_part.size() > 400 || !is_printable(local_part) || !base::is_utf8(local_part)) return;
  const std::string address = quoted(local_part);
  const auto delivery = maillog::parse_mail_log_line(
      "Nov 21 23:52:18 mx postfix/smtp[7]: 4ABCDEF: to=<" + address + ">, orig_to=<" + address +
          ">, relay=mx.b.example[192.0.2.1]:25, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (no)",
      clock_of_the_run());
  require(delivery.has_value());
  const auto& attempt = std::get<maillog::DeliveryAttempt>(delivery->detail);
  require(attempt.recipients.front() == address && attempt.original_recipient == address);
  require(attempt.status == maillog::DeliveryStatus::deferred);

  const auto refusal = maillog::parse_mail_log_line(
      "Nov 21 23:52:18 mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from h[192.0.2.7]: 550 5.1.1 <" + address +
          ">: no; from=<" + address + "> to=<" + address + "> proto=ESMTP helo=<h>",
      clock_of_the_run());
  require(refusal.has_value());
  const auto& refused = std::get<maillog::Refused>(refusal->detail);
  const bool is_read = refused.mail_from == address && refused.recipient == address && refused.helo == "h";
  const bool is_left = refused.mail_from.empty() && refused.recipient.empty() && refused.helo.empty();
  // Only an address that holds a line's whole end, with a user, can make it one that could be read in two ways.
  require(is_read || (is_left && address.find(" sasl_") != std::string::npos));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (const auto event = maillog::parse_mail_log_line(line, clock_of_the_run())) {
    require(line.find(event->program) != std::string_view::npos);
    require(line.find(event->queue_id) != std::string_view::npos);
    std::visit(Kept{}, event->detail);
  }
  require_that_a_reply_changes_nothing(line);
  require_that_an_address_changes_nothing(line);
  require_that_a_user_changes_nothing(line);
  return 0;
}
