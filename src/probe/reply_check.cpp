#include "reply_check.h"

#include <vector>

#include "connectord/base/files.h"
#include "connectord/base/text.h"
#include "connectord/engine/certificate.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::Outcome;

using simulate::Foretold;
using simulate::Visitor;

// What the server tells of a certificate that it does not trust: Postfix by its policy service the fingerprints,
// Sendmail nothing that could be believed. The same where none was shown.
model::ClientCertificate distrusted(const Visitor& visitor) {
  model::ClientCertificate told;
  told.sha256 = visitor.at_sendmail ? "" : visitor.certificate.sha256.value_or("");
  told.public_key_sha256 = visitor.at_sendmail ? "" : visitor.certificate.public_key_sha256.value_or("");
  return told;
}

// What the server may tell of the certificate, the likeliest first; that it is not trusted last.
std::vector<model::ClientCertificate> tellings(const Visitor& visitor) {
  if (!visitor.certificate.sha256) return {distrusted(visitor)};
  std::vector<model::ClientCertificate> all{visitor.certificate, distrusted(visitor)};
  if (!visitor.at_sendmail) return all;
  auto& without_fingerprint = *all.insert(all.begin() + 1, visitor.certificate);
  without_fingerprint.sha256.reset();
  without_fingerprint.unknown_because =
      "Sendmail tells no SHA-256 of the certificate: write define(`confCERT_FINGERPRINT_ALGORITHM', `sha256') in "
      "sendmail.mc";
  return all;
}

// Sendmail puts the recipient before the words that it was given: "550 5.7.1 <bob@example.net>... No".
bool is_as_foretold(const Foretold& foretold, const Visitor& visitor, const smtp::SmtpReply& reply) {
  if (!foretold.answer.reply) return reply.is_positive();
  model::Reply expected = *foretold.answer.reply;
  if (visitor.at_sendmail) expected.text.insert(0, "<" + visitor.recipient + ">... ");
  return reply.to_string() == base::printable(to_string(expected), 300);
}

Obstacle obstacle_of(std::string_view check) {
  if (model::check::is_tls_requirement(check)) return Obstacle::tls_failed;
  if (model::check::is_certificate_requirement(check)) return Obstacle::certificate;
  return Obstacle::rejected;
}

void attribution(const model::InboundConnector& connector, const model::Decision& decision, Recorder& recorder) {
  Finding finding{.check = model::check::connector, .expected = connector.name};
  finding.seen = decision.connector.empty()
                     ? "no connector"
                     : decision.connector + ", by its " + std::string(to_string(decision.identified_by));
  if (decision.connector == connector.name) return recorder.add(std::move(finding));
  finding.outcome = Outcome::fail;
  finding.hint =
      "a certificate counts before the client's network, and that before the sender's domain; see: "
      "connectorctl explain";
  recorder.add(std::move(finding), Obstacle::other_route);
}

}  // namespace

tl::expected<model::ClientCertificate, std::string> read_identity(const smtp::Identity& identity, bool for_sendmail) {
  const auto text = base::read_file(identity.certificate_file);
  if (!text) return tl::unexpected("cannot read " + identity.certificate_file);
  const auto read = tls::read_pem(*text);
  if (!read) return tl::unexpected(identity.certificate_file + ": " + read.error());
  const tls::Certificate& certificate = read->front();
  model::ClientCertificate told;
  told.subject_common_name = certificate.subject_common_name;
  told.issuer_common_name = certificate.issuer_common_name;
  told.sha256 = certificate.sha256;
  if (for_sendmail) {
    told.subject_name = certificate.subject;
    told.issuer_name = certificate.issuer;
    told.unknown_because = "Sendmail tells no fingerprint of the public key: use sha256 of the certificate";
  } else {
    told.public_key_sha256 = certificate.public_key_sha256;
  }
  return told;
}

std::string describe(const model::ClientCertificate& certificate) {
  return base::printable(engine::describe(certificate), 400);
}

void compare(const engine::Policy& policy, const model::InboundConnector& connector, const Visitor& visitor,
             const smtp::SmtpReply& reply, Recorder& recorder) {
  dns::Resolver& resolver = recorder.services().resolver;
  // Whether the server trusts a certificate is known to it alone; its reply may tell.
  const auto certificates = tellings(visitor);
  Foretold foretold = simulate::foretell(policy, visitor, certificates.front(), resolver);
  bool is_distrusted = false;
  for (auto each = certificates.begin() + 1; each < certificates.end(); ++each) {
    if (is_as_foretold(foretold, visitor, reply)) break;
    Foretold otherwise = simulate::foretell(policy, visitor, *each, resolver);
    if (!is_as_foretold(otherwise, visitor, reply)) continue;
    foretold = std::move(otherwise);
    is_distrusted = each + 1 == certificates.end();
  }
  attribution(connector, foretold.decision, recorder);
  for (Finding finding : foretold.decision.findings) {
    const Obstacle obstacle = obstacle_of(finding.check);
    recorder.add(std::move(finding), obstacle);
  }
  const std::string expected = foretold.answer.reply ? to_string(*foretold.answer.reply) : "250";
  Finding finding{.check = model::check::smtp_rcpt, .expected = expected, .seen = reply.to_string()};
  const bool as_foretold = is_as_foretold(foretold, visitor, reply);
  if (as_foretold && reply.is_positive()) return recorder.add(std::move(finding));
  finding.outcome = reply.is_transient() ? Outcome::temperror : Outcome::fail;
  if (is_distrusted) {
    finding.hint =
        "the mail server does not trust the certificate (Postfix: smtpd_tls_CAfile; Sendmail: confCACERT), or not for "
        "clients, so that its names are not known; its log says why";
  } else if (as_foretold) {
    finding.hint = "what failed above explains the reply";
  } else if (reply.is_positive()) {
    finding.outcome = Outcome::fail;
    finding.hint =
        "the mail server does not ask connectord, or connectord runs with another configuration; see smtpd_milters and "
        "check_policy_service, or INPUT_MAIL_FILTER in sendmail.mc, and reload; connectorctl status tells more";
  } else {
    finding.hint = "the mail server refuses by itself; its log says why";
  }
  recorder.add(std::move(finding), reply.is_transient() ? Obstacle::deferred : Obstacle::rejected);
}

}  // namespace connectord::probe
