#include "requirements.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "authentication.h"
#include "connectord/engine/certificate.h"
#include "connectord/engine/index.h"

namespace connectord::engine {
namespace {

using model::Finding;
using model::Outcome;

constexpr std::string_view encryption_needed = "7.10";
constexpr std::string_view not_authorized = "7.1";

Outcome outcome_of(Match match) {
  switch (match) {
    case Match::yes:
      return Outcome::pass;
    case Match::no:
      return Outcome::fail;
    case Match::unknown:
      return Outcome::temperror;
  }
  return Outcome::temperror;
}

std::string one_of(const std::vector<net::AddressRange>& ranges) {
  constexpr std::size_t shown = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(ranges.size(), shown); ++i) text += (i ? ", " : "") + ranges[i].to_string();
  if (ranges.size() > shown) text += " and " + std::to_string(ranges.size() - shown) + " more";
  return text;
}

constexpr std::string_view none_shown = "requires a client certificate; none was shown";
constexpr std::string_view none_shown_hint =
    "the client showed no certificate: its server must be told which one to show (Postfix: smtp_tls_cert_file), and "
    "ours must ask for one (Postfix: smtpd_tls_ask_ccert = yes)";

// The line to write for one more fingerprint, and where, and the command that writes it.
std::string pinning(const model::InboundConnector& connector, const std::vector<model::Fingerprint>& allowed,
                    const model::Fingerprint& shown) {
  constexpr std::size_t max_written = 4;  // of a list that is longer, the new one alone is shown
  std::string line = "fingerprints = [";
  if (allowed.size() <= max_written) {
    for (const model::Fingerprint& fingerprint : allowed) line += '"' + to_string(fingerprint) + "\", ";
  } else {
    line += "…, ";
  }
  line += '"' + to_string(shown) + "\"]";
  const model::Location& place = connector.require.certificate->location;
  const std::string where = place.file ? " in " + *place.file + " line " + std::to_string(place.line) : "";
  return "write " + line + where + ", or: connectorctl update " + connector.name +
         " --add require.certificate.fingerprints=" + to_string(shown);
}

class RequirementChecker {
 public:
  RequirementChecker(const Policy& policy, const model::InboundConnector& connector, const model::Facts& facts,
                     std::vector<Finding>& findings)
      : policy_(policy), connector_(connector), require_(connector.require), facts_(facts), findings_(findings) {}

  Verdict run() {
    if (require_.tls) tls();
    if (!require_.client_networks.empty()) client_networks();
    if (require_.certificate) certificate(*require_.certificate);
    if (facts_.stage == model::Facts::Stage::message) authentication();
    return std::move(verdict_);
  }

 private:
  void tls() {
    if (!facts_.tls) {
      record({.check = model::check::require_tls,
              .outcome = Outcome::fail,
              .expected = "TLS",
              .seen = "no TLS",
              .hint = "the sending server must use STARTTLS; see that the mail server offers it to this client"},
             encryption_needed, "requires TLS; this connection is not encrypted");
      return;
    }
    pass(model::check::require_tls, "TLS", facts_.tls->protocol);
    if (require_.tls_version != model::TlsVersion::none) tls_version();
  }

  void tls_version() {
    const std::string lowest(model::to_string(require_.tls_version));
    if (facts_.tls->version >= require_.tls_version) {
      pass(model::check::require_tls_version, lowest + " or later", facts_.tls->protocol);
      return;
    }
    record({.check = model::check::require_tls_version,
            .outcome = Outcome::fail,
            .expected = lowest + " or later",
            .seen = facts_.tls->protocol,
            .hint = "the sending server must be made to use " + lowest},
           encryption_needed, "requires " + lowest + " or later");
  }

  void client_networks() {
    const auto& ranges = require_.client_networks;
    const ConnectorLists* lists = policy_.index().lists_of(connector_.name);
    const bool inside =
        facts_.client_address && lists != nullptr && lists->required_networks.contains(*facts_.client_address);
    const std::string seen = facts_.client_address ? facts_.client_address->to_string() : "no address";
    if (inside) {
      pass(model::check::require_client_networks, one_of(ranges), seen);
      return;
    }
    record({.check = model::check::require_client_networks,
            .outcome = Outcome::fail,
            .expected = one_of(ranges),
            .seen = seen,
            .hint = "if this is the partner's server, add its address to require.client_networks"},
           not_authorized, "does not allow mail from this address");
  }

  void certificate(const model::CertificatePattern& pattern) {
    const model::ClientCertificate none;
    const model::ClientCertificate& shown = facts_.tls ? facts_.certificate : none;
    if (pattern.subject) {
      name(model::check::require_certificate_subject, pattern.subject->text, subject_matches(*pattern.subject, shown),
           "requires a client certificate for another name");
    }
    if (pattern.issuer) {
      name(model::check::require_certificate_issuer, *pattern.issuer, issuer_matches(*pattern.issuer, shown),
           "requires a client certificate of another issuer");
    }
    if (!pattern.fingerprints.empty()) fingerprints(pattern.fingerprints);
  }

  void name(std::string_view check, const std::string& expected, Match match, std::string_view complaint) {
    const bool named = !facts_.certificate.subject_common_name.empty() || !facts_.certificate.subject_name.empty() ||
                       !facts_.certificate.issuer_common_name.empty();
    Finding finding{
        .check = std::string(check), .outcome = outcome_of(match), .expected = expected, .seen = seen_certificate()};
    if (match != Match::yes) finding.hint = name_hint(named);
    record(std::move(finding), not_authorized,
           named                  ? complaint
           : has_no_certificate() ? none_shown
                                  : "requires a trusted client certificate");
  }

  std::string_view name_hint(bool named) const {
    if (!facts_.tls) return "a certificate is shown over TLS only";
    if (has_no_certificate()) return none_shown_hint;
    if (named) return "compare the names; they are matched to the letter, a domain name in any case";
    return "the client showed no certificate that the mail server trusts: see that it asks for one and knows the "
           "issuer (Postfix: smtpd_tls_ask_ccert = yes, smtpd_tls_CAfile; Sendmail: confCACERT), and that the "
           "certificate allows client authentication";
  }

  void fingerprints(const std::vector<model::Fingerprint>& allowed) {
    Match match = Match::no;
    if (facts_.tls) match = fingerprint_matches(allowed, facts_.certificate);
    Finding finding{.check = model::check::require_certificate_fingerprints,
                    .outcome = outcome_of(match),
                    .expected = model::to_string(model::CertificatePattern{{}, {}, allowed, {}}),
                    .seen = seen_certificate()};
    if (match == Match::unknown) finding.hint = facts_.certificate.unknown_because;
    if (match == Match::no) finding.hint = fingerprint_hint(allowed);
    record(std::move(finding), not_authorized, fingerprint_complaint(match));
  }

  std::string_view fingerprint_complaint(Match match) const {
    if (match == Match::unknown) return "requires a client certificate's fingerprint, which is not known to us now";
    return has_no_certificate() ? none_shown : "requires a client certificate with another fingerprint";
  }

  std::string fingerprint_hint(const std::vector<model::Fingerprint>& allowed) const {
    if (!facts_.tls) return "a certificate is shown over TLS only";
    if (has_no_certificate()) return std::string(none_shown_hint);
    const auto shown = shown_fingerprint(allowed.front().of);
    return "if the partner has a new key" +
           (shown ? ", " + pinning(connector_, allowed, *shown) : ", add its fingerprint beside the old one");
  }

  // Of the kind that the connector has already, where that is known.
  std::optional<model::Fingerprint> shown_fingerprint(model::Fingerprint::Of wanted) const {
    using Of = model::Fingerprint::Of;
    const auto of_kind = [this](Of kind) {
      return kind == Of::certificate ? facts_.certificate.sha256 : facts_.certificate.public_key_sha256;
    };
    for (const Of kind : {wanted, Of::certificate, Of::public_key}) {
      if (const auto hex = of_kind(kind); hex && !hex->empty()) return model::Fingerprint{kind, *hex};
    }
    return std::nullopt;
  }

  // The mail server says that there was none, which is more than that it trusts none.
  bool has_no_certificate() const {
    const model::ClientCertificate& certificate = facts_.certificate;
    return facts_.tls && certificate.sha256 && certificate.sha256->empty() && !certificate.distrusted;
  }

  void authentication() {
    const AuthenticationVerdict verdict = check_authentication(policy_, connector_, facts_, findings_);
    if (counts(verdict.outcome)) settle(verdict.outcome, verdict.status, verdict.complaint);
  }

  std::string seen_certificate() const { return facts_.tls ? describe(facts_.certificate) : "no TLS"; }

  void pass(std::string_view check, std::string expected, std::string seen) {
    findings_.push_back({.check = std::string(check),
                         .connector = connector_.name,
                         .outcome = Outcome::pass,
                         .expected = std::move(expected),
                         .seen = std::move(seen)});
  }

  // Keeps the first failure's reply, and of a failure and a temporary error the failure's.
  void record(Finding finding, std::string_view status, std::string_view complaint) {
    finding.connector = connector_.name;
    const Outcome outcome = finding.outcome;
    findings_.push_back(std::move(finding));
    if (counts(outcome)) settle(outcome, status, complaint);
  }

  bool counts(Outcome outcome) const {
    if (outcome == Outcome::fail) return verdict_.outcome != Outcome::fail;
    return outcome == Outcome::temperror && verdict_.outcome == Outcome::pass;
  }

  void settle(Outcome outcome, std::string_view status, std::string_view complaint) {
    verdict_.outcome = outcome;
    const bool permanent = outcome == Outcome::fail;
    verdict_.reply.code = permanent ? 550 : 451;
    verdict_.reply.enhanced = std::string(permanent ? "5." : "4.").append(status);
    verdict_.reply.text = "Connector " + connector_.name + " ";
    verdict_.reply.text += complaint;
  }

  const Policy& policy_;
  const model::InboundConnector& connector_;
  const model::Require& require_;
  const model::Facts& facts_;
  std::vector<Finding>& findings_;
  Verdict verdict_;
};

}  // namespace

Verdict check_requirements(const Policy& policy, const model::InboundConnector& connector, const model::Facts& facts,
                           std::vector<Finding>& findings) {
  return RequirementChecker(policy, connector, facts, findings).run();
}

}  // namespace connectord::engine
