#include <algorithm>

#include "address_policy.h"
#include "connectord/base/text.h"
#include "connectord/dns/lookups.h"
#include "connectord/model/entry_named.h"
#include "connectord/session/validation_mark.h"
#include "connectord/smtp/smtp_client.h"
#include "inbound_checklist.h"
#include "inbound_history.h"
#include "reply_check.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::InboundConnector;
using model::Outcome;

// A session to our own server, as the partner would open it.
class Inbound {
 public:
  Inbound(const engine::Policy& policy, const InboundConnector& connector, const InboundOptions& options,
          const Services& services)
      : policy_(policy),
        connector_(connector),
        options_(options),
        steps_(services, connector.name, Direction::inbound) {}

  Report run() {
    if (!connector_.enabled) {
      steps_.warn({.check = model::check::enabled,
                   .outcome = Outcome::not_applicable,
                   .expected = "enabled = true",
                   .seen = "the connector is disabled, so no mail is attributed to it"});
    }
    report_checklist(connector_, steps_);
    report_history(policy_, connector_, options_.history, steps_);
    if (options_.host.empty())
      return steps_.finish("nothing was tried; connectorctl validate --probe HOST:PORT tries it", false);
    choose_envelope();
    if (envelope_is_plain() && find_address() && connect() && greet() && secure()) say_envelope();
    return steps_.finish("passed: the server accepts " + visitor_.recipient);
  }

 private:
  const Limits& limits() const { return steps_.services().limits; }

  bool fail(Finding finding, Obstacle obstacle) {
    finding.outcome = Outcome::fail;
    steps_.add(std::move(finding), obstacle);
    return false;
  }

  bool pass(Finding finding) {
    steps_.add(std::move(finding));
    return true;
  }

  // A sender that the connector is about, and a recipient that we take.
  void choose_envelope() {
    const auto first_name = [](const std::vector<net::DomainPattern>& patterns) {
      const auto found =
          std::find_if(patterns.begin(), patterns.end(), [](const auto& each) { return !each.name().empty(); });
      return found == patterns.end() ? std::string() : found->name();
    };
    visitor_.helo = net::normalize_domain(policy_.configuration().server.host_name).value_or("localhost");
    visitor_.sender = options_.sender;
    const std::string domain = first_name(connector_.identify.sender_domains);
    if (visitor_.sender.empty() && !domain.empty()) visitor_.sender = "postmaster@" + domain;
    visitor_.recipient = options_.recipient;
    const std::string ours = first_name(policy_.configuration().organization.accepted_domains);
    if (visitor_.recipient.empty() && !ours.empty()) visitor_.recipient = "postmaster@" + ours;
  }

  bool envelope_is_plain() {
    const bool good = (visitor_.sender.empty() || smtp::is_plain_address(visitor_.sender)) &&
                      smtp::is_plain_address(visitor_.recipient);
    return good || fail({.check = model::check::address,
                         .expected = "addresses such as user@contoso.com, in ASCII",
                         .seen = base::printable(visitor_.sender) + " to " + base::printable(visitor_.recipient),
                         .hint = "give --mail-from, and --rcpt-to with an address of ours"},
                        Obstacle::incomplete);
  }

  bool find_address() {
    steps_.at("[" + options_.host + "]:" + std::to_string(options_.port));
    auto address = net::IpAddress::parse(options_.host);
    if (!address) {
      const auto found = dns::addresses_of(steps_.services().resolver, options_.host).found;
      const auto own = std::find_if(found.begin(), found.end(), is_of_this_machine);
      if (own != found.end()) address = *own;
    }
    Finding finding{
        .check = model::check::probe_address, .expected = "an address of this machine", .seen = options_.host};
    if (!address || !is_of_this_machine(*address)) {
      finding.hint = "only our own server is tried; write 127.0.0.1:25, or an address of an interface";
      return fail(std::move(finding), Obstacle::not_allowed);
    }
    address_ = *address;
    // From where it connects to itself, so that it is known.
    visitor_.address = options_.source.value_or(address_);
    return pass(std::move(finding));
  }

  bool connect() {
    Finding finding{.check = model::check::smtp_connect,
                    .expected = "a connection from " + visitor_.address.to_string()};
    auto connection =
        steps_.services().network.connect(address_, options_.port, visitor_.address, steps_.deadline(limits().connect));
    if (!connection) {
      finding.seen = smtp::words_of(connection.error(), limits().connect);
      finding.hint = "does the mail server listen there, and is --source an address of this machine?";
      return fail(std::move(finding), Obstacle::unreachable);
    }
    client_.emplace(std::move(*connection));
    finding.seen = "connected";
    return pass(std::move(finding));
  }

  // A reply that must be positive.
  bool judge(Finding finding, const smtp::SmtpClient::Answered& reply, Obstacle obstacle) {
    if (!reply) {
      finding.seen = smtp::words_of(reply.error(), limits().reply);
      return fail(std::move(finding), obstacle);
    }
    finding.seen = reply->to_string();
    if (reply->is_positive()) return pass(std::move(finding));
    if (finding.hint.empty()) finding.hint = "the mail server refuses by itself; its log says why";
    return fail(std::move(finding), obstacle);
  }

  smtp::SmtpClient::Answered say(const std::string& line) {
    return client_->command(line, steps_.deadline(limits().reply));
  }

  bool greet() {
    const auto greeting = client_->read_reply(steps_.deadline(limits().greeting));
    if (!judge({.check = model::check::smtp_greeting, .expected = "220"}, greeting, Obstacle::not_ready)) return false;
    return hello();
  }

  bool hello() {
    const auto reply = say("EHLO " + visitor_.helo);
    if (reply) {
      extensions_ = smtp::extensions_of(*reply);
      visitor_.at_sendmail = smtp::is_sendmail(*reply);
    }
    return judge({.check = model::check::smtp_ehlo, .expected = "250"}, reply, Obstacle::not_ready);
  }

  bool secure() {
    Finding finding{.check = model::check::smtp_starttls, .expected = "STARTTLS is offered", .seen = "offered"};
    if (!extensions_.starttls) {
      finding.seen = "not offered";
      finding.hint =
          "Postfix: smtpd_tls_security_level = may, smtpd_tls_cert_file and smtpd_tls_key_file; Sendmail: "
          "confSERVER_CERT and confSERVER_KEY, a key that only root may read";
      if (connector_.require.tls || options_.identity) return fail(std::move(finding), Obstacle::no_starttls);
      finding.outcome = Outcome::not_applicable;
      return pass(std::move(finding));
    }
    const auto reply = say("STARTTLS");
    if (!reply || reply->code != smtp::ready) {
      finding.hint = "the milter may not be reached, or the server's certificate not be read; see its log";
      return judge(std::move(finding), reply, Obstacle::tls_failed);
    }
    pass(std::move(finding));
    return handshake() && hello();
  }

  bool handshake() {
    Finding finding{.check = model::check::tls_handshake,
                    .expected = options_.identity ? "TLS with our certificate" : "TLS"};
    const auto session = client_->start_tls({.server_name = {}, .ask_status = false, .identity = options_.identity},
                                            steps_.deadline(limits().reply));
    if (!session) {
      finding.seen = smtp::words_of(session.error(), limits().reply);
      return fail(std::move(finding), Obstacle::tls_failed);
    }
    visitor_.tls = model::Tls{session->version, std::string(to_string(session->version)), session->cipher, 0};
    finding.seen = std::string(to_string(session->version)) + " with " + base::printable(session->cipher);
    pass(std::move(finding));
    return !options_.identity || show_certificate(session->asked_for_certificate);
  }

  bool show_certificate(bool asked) {
    Finding finding{.check = model::check::tls_client_certificate, .expected = "the server asks for a certificate"};
    if (!asked) {
      finding.seen = "it does not ask";
      finding.hint =
          "Postfix: smtpd_tls_ask_ccert = yes; Sendmail: no V in confTLS_SRV_OPTIONS, nor in Srv_Features of the "
          "access table";
      return fail(std::move(finding), Obstacle::certificate);
    }
    auto certificate = read_identity(*options_.identity, visitor_.at_sendmail);
    if (!certificate) {
      finding.seen = certificate.error();
      return fail(std::move(finding), Obstacle::incomplete);
    }
    finding.seen = describe(*certificate);
    visitor_.certificate = std::move(*certificate);
    return pass(std::move(finding));
  }

  // What is said is nobody's mail.
  std::string mark() const {
    const Services& services = steps_.services();
    if (services.mail_key == nullptr || !extensions_.delivery_status) return "";
    return " ENVID=" + session::dialogue_mark(*services.mail_key, visitor_.sender, services.unix_time());
  }

  void say_envelope() {
    const auto mail = say("MAIL FROM:<" + visitor_.sender + ">" + mark());
    if (!judge({.check = model::check::smtp_mail, .expected = "250 to MAIL FROM:<" + visitor_.sender + ">"}, mail,
               Obstacle::rejected)) {
      return;
    }
    const auto reply = say("RCPT TO:<" + visitor_.recipient + ">");
    if (!reply) {
      judge({.check = model::check::smtp_rcpt, .expected = "an answer"}, reply, Obstacle::deferred);
      return;
    }
    if (say("RSET")) say("QUIT");
    steps_.begin();
    compare(policy_, connector_, visitor_, *reply, steps_);
  }

  const engine::Policy& policy_;
  const InboundConnector& connector_;
  const InboundOptions& options_;
  StepLog steps_;
  net::IpAddress address_;
  simulate::SimulatedClient visitor_;
  std::optional<smtp::SmtpClient> client_;
  smtp::Extensions extensions_;
};

}  // namespace

std::optional<Report> validate_inbound(const engine::Policy& policy, std::string_view name,
                                       const InboundOptions& options, const Services& services) {
  const auto* found = model::entry_named(policy.configuration().inbound, name);
  if (found == nullptr) return std::nullopt;
  return Inbound(policy, *found, options, services).run();
}

}  // namespace connectord::probe
