#include "reply_check.h"

#include <vector>

#include "connectord/base/files.h"
#include "connectord/base/text.h"
#include "connectord/engine/certificate.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::Outcome;

using simulate::Prediction;
using simulate::SimulatedClient;

// What the server passes of a certificate that it does not trust: Postfix by its policy service the fingerprints,
// Sendmail nothing that could be believed. The same where none was shown.
model::ClientCertificate distrusted(const SimulatedClient& client) {
  model::ClientCertificate passed_on;
  passed_on.sha256 = client.at_sendmail ? "" : client.certificate.sha256.value_or("");
  passed_on.public_key_sha256 = client.at_sendmail ? "" : client.certificate.public_key_sha256.value_or("");
  passed_on.distrusted = client.at_sendmail && client.certificate.sha256.has_value();
  return passed_on;
}

// What the server may pass of the certificate, the likeliest first; that it is not trusted last.
std::vector<model::ClientCertificate> possible_certificates(const SimulatedClient& client) {
  if (!client.certificate.sha256) return {distrusted(client)};
  std::vector<model::ClientCertificate> all{client.certificate, distrusted(client)};
  if (!client.at_sendmail) return all;
  auto& without_fingerprint = *all.insert(all.begin() + 1, client.certificate);
  without_fingerprint.sha256.reset();
  without_fingerprint.unknown_because =
      "Sendmail tells no SHA-256 of the certificate: write define(`confCERT_FINGERPRINT_ALGORITHM', `sha256') in "
      "sendmail.mc";
  return all;
}

// Sendmail puts the recipient before the words that it was given: "550 5.7.1 <bob@example.net>... No".
bool is_as_predicted(const Prediction& predicted, const SimulatedClient& client, const smtp::SmtpReply& reply) {
  if (!predicted.answer.reply) return reply.is_positive();
  model::Reply expected = *predicted.answer.reply;
  if (client.at_sendmail) expected.text.insert(0, "<" + client.recipient + ">... ");
  return reply.to_string() == base::printable(to_string(expected), 300);
}

Obstacle obstacle_of(std::string_view check) {
  if (model::check::is_tls_requirement(check)) return Obstacle::tls_failed;
  if (model::check::is_certificate_requirement(check)) return Obstacle::certificate;
  return Obstacle::rejected;
}

void attribution(const model::InboundConnector& connector, const model::Decision& decision, StepLog& steps) {
  Finding finding{.check = model::check::connector, .expected = connector.name};
  finding.seen = decision.connector.empty()
                     ? "no connector"
                     : decision.connector + ", by its " + std::string(to_string(decision.identified_by));
  if (decision.connector == connector.name) return steps.add(std::move(finding));
  finding.outcome = Outcome::fail;
  finding.hint =
      "a certificate counts before the client's network, and that before the sender's domain; see: "
      "connectorctl explain";
  steps.add(std::move(finding), Obstacle::other_route);
}

}  // namespace

tl::expected<model::ClientCertificate, std::string> read_identity(const smtp::Identity& identity, bool for_sendmail) {
  const auto text = base::read_file(identity.certificate_file);
  if (!text) return tl::unexpected("cannot read " + identity.certificate_file);
  const auto read = tls::read_pem(*text);
  if (!read) return tl::unexpected(identity.certificate_file + ": " + read.error());
  const tls::Certificate& certificate = read->front();
  model::ClientCertificate passed_on;
  passed_on.subject_common_name = certificate.subject_common_name;
  passed_on.issuer_common_name = certificate.issuer_common_name;
  passed_on.sha256 = certificate.sha256;
  if (for_sendmail) {
    passed_on.subject_name = certificate.subject;
    passed_on.issuer_name = certificate.issuer;
    passed_on.unknown_because = "Sendmail tells no fingerprint of the public key: use sha256 of the certificate";
  } else {
    passed_on.public_key_sha256 = certificate.public_key_sha256;
  }
  return passed_on;
}

std::string describe(const model::ClientCertificate& certificate) {
  return base::printable(engine::describe(certificate), 400);
}

void compare(const engine::Policy& policy, const model::InboundConnector& connector, const SimulatedClient& client,
             const smtp::SmtpReply& reply, StepLog& steps) {
  dns::Resolver& resolver = steps.services().resolver;
  // Whether the server trusts a certificate is known to it alone; its reply may show it.
  const auto certificates = possible_certificates(client);
  Prediction predicted = simulate::predict(policy, client, certificates.front(), resolver);
  bool is_distrusted = false;
  for (auto each = certificates.begin() + 1; each < certificates.end(); ++each) {
    if (is_as_predicted(predicted, client, reply)) break;
    Prediction otherwise = simulate::predict(policy, client, *each, resolver);
    if (!is_as_predicted(otherwise, client, reply)) continue;
    predicted = std::move(otherwise);
    is_distrusted = each + 1 == certificates.end();
  }
  attribution(connector, predicted.decision, steps);
  for (Finding finding : predicted.decision.findings) {
    const Obstacle obstacle = obstacle_of(finding.check);
    steps.add(std::move(finding), obstacle);
  }
  const std::string expected = predicted.answer.reply ? to_string(*predicted.answer.reply) : "250";
  Finding finding{.check = model::check::smtp_rcpt, .expected = expected, .seen = reply.to_string()};
  const bool as_predicted = is_as_predicted(predicted, client, reply);
  if (as_predicted && reply.is_positive()) return steps.add(std::move(finding));
  finding.outcome = reply.is_transient() ? Outcome::temperror : Outcome::fail;
  if (is_distrusted) {
    finding.hint =
        "the mail server does not trust the certificate (Postfix: smtpd_tls_CAfile; Sendmail: confCACERT), or not for "
        "clients, so that its names are not known; its log says why";
  } else if (as_predicted) {
    finding.hint = "what failed above explains the reply";
  } else if (reply.is_positive()) {
    finding.outcome = Outcome::fail;
    finding.hint =
        "the mail server does not ask connectord, or connectord runs with another configuration; see smtpd_milters and "
        "check_policy_service, or INPUT_MAIL_FILTER in sendmail.mc, and reload; connectorctl status tells more";
  } else {
    finding.hint = "the mail server refuses by itself; its log says why";
  }
  steps.add(std::move(finding), reply.is_transient() ? Obstacle::deferred : Obstacle::rejected);
}

}  // namespace connectord::probe
