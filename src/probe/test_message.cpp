#include "test_message.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/mail/placeholders.h"
#include "connectord/mail/sendmail_terms.h"
#include "connectord/model/entry_named.h"
#include "connectord/session/validation_mark.h"
#include "connectord/smtp/smtp_client.h"
#include "connectord/tls/certificate.h"
#include "route_check.h"
#include "send_mail.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::Outcome;
using std::chrono::milliseconds;

constexpr milliseconds look_every{250};
constexpr std::chrono::seconds max_entry_length{10};  // until a message that was taken is in the trace

// Two messages must not be taken for each other, and nobody outside can know the next one.
std::string random_word() {
  std::array<unsigned char, 8> bytes{};
  ::RAND_bytes(bytes.data(), bytes.size());
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string word;
  for (const unsigned char byte : bytes) {
    word += digits[byte >> 4U];
    word += digits[byte & 0xfU];
  }
  return word;
}

bool ends_with(std::string_view text, const std::string& end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// "mx1.contoso.com[192.0.2.1]:25", "192.0.2.1:25", "mx1.contoso.com[192.0.2.1]": Postfix's words, and Sendmail's.
bool is_relay(const Target& target, std::string_view relay) {
  const std::string port = ":" + std::to_string(target.port);
  if (ends_with(relay, port)) relay.remove_suffix(port.size());
  const auto bracket = relay.find('[');
  const std::string_view name = relay.substr(0, bracket);
  const std::string address(bracket == std::string_view::npos || !relay.ends_with(']')
                                ? name
                                : relay.substr(bracket + 1, relay.size() - bracket - 2));
  if (!target.name.empty() && net::normalize_domain(std::string(name)).value_or("") == target.name) return true;
  const auto reached = net::IpAddress::parse(address);
  return reached && std::find(target.addresses.begin(), target.addresses.end(), *reached) != target.addresses.end();
}

class TestMessage {
 public:
  TestMessage(const engine::Policy& policy, const OutboundPlan& plan, const std::vector<Target>& targets,
              StepLog& steps)
      : policy_(policy), plan_(plan), targets_(targets), steps_(steps) {}

  std::string run() {
    if (!may_be_sent() || !submit() || !find_entry()) return {};
    const bool by_connector = connector();
    await_delivery();
    return report_delivery() && by_connector ? arrival_ : std::string();
  }

 private:
  const Services& services() const { return steps_.services(); }
  const model::OutboundConnector& wanted() const { return plan_.connector; }

  bool fail(Finding finding, Obstacle obstacle, Outcome outcome = Outcome::fail) {
    finding.outcome = outcome;
    steps_.add(std::move(finding), obstacle);
    return false;
  }

  bool may_be_sent() {
    Finding finding{.check = model::check::send, .expected = "a test message"};
    const Step* obstacle = steps_.obstacle();
    const bool tries =
        obstacle == nullptr || obstacle->obstacle == Obstacle::deferred || obstacle->obstacle == Obstacle::other_route;
    if (plan_.options.recipient.empty()) {
      finding.seen = "no recipient";
      finding.hint = "add --rcpt-to ADDRESS, of somebody who expects the message";
      return fail(std::move(finding), Obstacle::incomplete);
    }
    if (services().archive == nullptr) {
      finding.seen = "not sent, since nobody could follow it";
      finding.hint = "connectord needs [trace] for that, with mail_log";
      return fail(std::move(finding), Obstacle::incomplete);
    }
    if (tries) return true;
    finding.outcome = Outcome::not_applicable;
    finding.seen = "not sent, since it would fail at the same";
    steps_.add(std::move(finding));
    return false;
  }

  // What is sent is nobody's mail.
  std::string mark() const {
    if (services().mail_key == nullptr) return "";
    return std::string(outbox::Key::token_header) + ": " +
           session::message_mark(*services().mail_key, message_id_, services().unix_time()) + "\r\n";
  }

  std::string content() {
    const std::string& host = plan_.helo;
    message_id_ = "connectord-validation." + random_word() + "@" + host;
    const std::string from = plan_.options.sender.empty() ? "postmaster@" + host : plan_.options.sender;
    return "From: connectord <" + from + ">\r\nTo: <" + plan_.options.recipient +
           ">\r\nDate: " + mail::date_text(services().unix_time()) + "\r\nMessage-ID: <" + message_id_ +
           ">\r\nSubject: Test of the connector " + wanted().name + "\r\nAuto-Submitted: auto-generated\r\n" + mark() +
           "MIME-Version: 1.0\r\n"
           "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
           "An administrator of " +
           host + " tries whether mail leaves by the connector\r\n" + wanted().name +
           ". Nothing is to be done about this message.\r\n";
  }

  // Postfix can do all that a connector may say.
  std::string inability_of_sendmail() const {
    const std::string& recipient = plan_.options.recipient;
    const auto mailer = mail::mailer_of(wanted(), recipient.substr(recipient.rfind('@') + 1));
    const auto requirement = mail::tls_requirement_of(wanted());
    return !mailer ? mailer.error() : !requirement ? requirement.error() : std::string();
  }

  bool submit() {
    const net::Endpoint server = policy_.configuration().mail_through();
    steps_.at(server.to_string());
    steps_.begin();
    std::string inability;
    const auto objection = [&](const smtp::SmtpReply& ehlo) {
      return inability = smtp::is_sendmail(ehlo) ? inability_of_sendmail() : "";
    };
    const OutgoingMail mail{plan_.options.sender, plan_.options.recipient, content()};
    const auto taken = send_mail(server, plan_.helo, mail, services(), objection);
    Finding finding{.check = model::check::send_submit, .expected = "our mail server takes a test message"};
    if (!inability.empty()) {
      finding.expected = "a connector that our mail server, Sendmail, can follow";
      finding.seen = inability;
      finding.hint = "connectord answers Sendmail with a temporary error, so that mail of the connector waits";
      fail(std::move(finding), Obstacle::other_route);
    } else if (!taken) {
      finding.seen = taken.error();
      finding.hint = "server.mail_through names the server; it must take mail from this machine for that recipient";
      fail(std::move(finding), Obstacle::rejected);
    } else {
      finding.seen = *taken;
      steps_.add(std::move(finding));
    }
    steps_.at({});
    return taken.has_value();
  }

  // Looks until `done` says so. False when the time is over.
  template <class Done>
  bool look(std::chrono::seconds timeout, Done&& done) {
    const smtp::Deadline end = steps_.deadline(timeout);
    for (;;) {
      if (!search()) return false;
      if (done()) return true;
      if (services().clock() >= end || !services().pause || !services().pause(look_every)) return false;
    }
  }

  bool search() {
    trace::Query query;
    query.message_id = message_id_;
    const auto page = services().archive->search(query);
    if (!page) {
      trouble_ = page.error();
      return false;
    }
    if (!page->rows.empty()) row_ = page->rows.front();
    return true;
  }

  bool find_entry() {
    if (look(max_entry_length, [this] { return row_.message != nullptr; })) return true;
    Finding finding{.check = model::check::trace_message, .expected = "the test message is in the message trace"};
    finding.seen = trouble_.empty() ? "it is not" : trouble_;
    finding.hint =
        "that mail server does not ask connectord about mail of this machine, or connectord keeps another "
        "trace; see: connectorctl status";
    return fail(std::move(finding), Obstacle::incomplete);
  }

  // The connector by which our own mail server was to send it on.
  bool connector() {
    const trace::Message& message = *row_.message;
    Finding finding{.check = model::check::trace_connector, .expected = wanted().name};
    finding.seen =
        (message.outbound_connector.empty() ? "no connector: the mail server's own way" : message.outbound_connector) +
        " (trace row " + std::to_string(row_.id) + ")";
    if (message.outbound_connector == wanted().name) {
      steps_.add(std::move(finding));
      return true;
    }
    finding.hint = why_not(message);
    return fail(std::move(finding), Obstacle::other_route);
  }

  std::string why_not(const trace::Message& message) const {
    if (!wanted().enabled) return "the connector is disabled";
    if (wanted().rule_scoped) return "the connector is for mail that a rule sends there";
    if (!wanted().inbound_connectors.empty()) {
      return "the connector is for mail of " + base::joined(wanted().inbound_connectors) +
             ", and the test message came in over " + (message.connector.empty() ? "no connector" : message.connector);
    }
    return why_not_taken(wanted(), plan_.options.recipient,
                         model::entry_named(policy_.configuration().outbound, message.outbound_connector));
  }

  static bool is_over(trace::Status status) {
    return status != trace::Status::getting_status && status != trace::Status::pending;
  }

  // A message that is deferred may still go, and by another host.
  void await_delivery() {
    look(plan_.options.timeout, [this] { return is_over(row_.status); });
    const auto detail = services().archive->detail(row_.id);
    if (!detail || !*detail || (*detail)->attempts.empty()) return;
    delivery_ = (*detail)->attempts.back().delivery;
  }

  bool report_delivery() {
    Finding finding{.check = model::check::trace_delivery,
                    .expected = "delivered within " + smtp::duration_text(plan_.options.timeout)};
    if (!delivery_) {
      finding.seen = std::string(to_string(row_.status)) + ": the mail log has nothing about it so far";
      finding.hint = "trace.mail_log names the mail server's log; see again later: connectorctl trace show " +
                     std::to_string(row_.id);
      return fail(std::move(finding), Obstacle::incomplete, Outcome::temperror);
    }
    const bool arrived = delivery_->status == trace::Status::delivered;
    finding.seen = words();
    if (arrived) {
      steps_.add(std::move(finding));
      steps_.outweigh_deferrals();
      arrival_ = words() + ", through " + row_.message->outbound_connector;
      return relay() && encryption();
    }
    const bool pending = row_.status == trace::Status::pending;
    finding.hint = pending ? "the mail server tries again by itself; see again later: connectorctl trace show " +
                                 std::to_string(row_.id)
                           : "what the host at the other end said is the reason";
    return fail(std::move(finding), pending ? Obstacle::deferred : Obstacle::rejected,
                pending ? Outcome::temperror : Outcome::fail);
  }

  std::string words() const {
    const trace::Delivery& delivery = *delivery_;
    std::string text =
        delivery.status == trace::Status::delivered ? "arrived" : std::string(to_string(delivery.status));
    text += " at " + tls::time_text(delivery.time / base::second_ms);
    if (!delivery.tls.empty()) text += " over " + delivery.tls;
    if (!delivery.relay.empty()) text += ", at " + delivery.relay;
    if (!delivery.text.empty()) text += ": " + delivery.text;
    return base::printable(text, 500);
  }

  // Postfix asks others before connectord where main.cf says so, so what was decided may not be what was done.
  bool relay() {
    Finding finding{
        .check = model::check::delivery_relay, .expected = "a host of " + wanted().name, .seen = delivery_->relay};
    const auto is_it = [this](const Target& target) { return is_relay(target, delivery_->relay); };
    if (std::any_of(targets_.begin(), targets_.end(), is_it)) {
      steps_.add(std::move(finding));
      return true;
    }
    finding.hint =
        "the mail server took another way than connectord says: transport_maps has a table before connectord's, or "
        "does not name it, or the message was re-routed (content_filter, FILTER); with Sendmail, mailertable is not "
        "connectord's, or a rule comes before it (LOCAL_RULE_0); see: connectorctl status";
    return fail(std::move(finding), Obstacle::other_route);
  }

  bool encryption() {
    Finding finding{.check = model::check::delivery_tls, .expected = "TLS", .seen = delivery_->tls};
    if (!delivery_->tls.empty()) {
      steps_.add(std::move(finding));
      return true;
    }
    // The log does not say whether there was none, or whether it is only not logged.
    finding.outcome = Outcome::not_applicable;
    finding.seen = "the mail log tells of none";
    finding.hint = "Postfix tells of it with smtp_tls_loglevel = 1, Sendmail with confLOG_LEVEL 9, its default";
    plan_.needs_tls() ? steps_.warn(std::move(finding)) : steps_.add(std::move(finding));
    return true;
  }

  const engine::Policy& policy_;
  const OutboundPlan& plan_;
  const std::vector<Target>& targets_;
  StepLog& steps_;
  std::string message_id_;
  trace::Row row_;
  std::string trouble_;
  std::optional<trace::Delivery> delivery_;
  std::string arrival_;
};

}  // namespace

std::string send_test_message(const engine::Policy& policy, const OutboundPlan& plan,
                              const std::vector<Target>& targets, StepLog& steps) {
  return TestMessage(policy, plan, targets, steps).run();
}

}  // namespace connectord::probe
