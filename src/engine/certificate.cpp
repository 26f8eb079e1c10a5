#include "connectord/engine/certificate.h"

#include <algorithm>

#include "connectord/engine/index.h"

namespace connectord::engine {
namespace {

Match matched(bool yes) {
  return yes ? Match::yes : Match::no;
}

Match fingerprint_matches_one(const model::Fingerprint& fingerprint, const model::ClientCertificate& certificate) {
  const auto& known =
      fingerprint.of == model::Fingerprint::Of::certificate ? certificate.sha256 : certificate.public_key_sha256;
  if (!known) return Match::unknown;
  return matched(*known == fingerprint.hex);
}

}  // namespace

Match subject_matches(const model::SubjectPattern& pattern, const model::ClientCertificate& certificate) {
  const std::string& common_name = certificate.subject_common_name;
  if (!common_name.empty() && pattern.text == common_name) return Match::yes;
  if (!certificate.subject_name.empty() && pattern.text == certificate.subject_name) return Match::yes;
  if (!pattern.common_name) return Match::no;
  const auto name = net::normalize_domain(common_name);
  return matched(name && pattern.common_name->matches(*name));
}

Match issuer_matches(std::string_view issuer, const model::ClientCertificate& certificate) {
  return matched(!issuer.empty() && (issuer == certificate.issuer_common_name || issuer == certificate.issuer_name));
}

Match fingerprint_matches(const std::vector<model::Fingerprint>& fingerprints,
                          const model::ClientCertificate& certificate) {
  Match best = Match::no;
  for (const auto& fingerprint : fingerprints) best = std::max(best, fingerprint_matches_one(fingerprint, certificate));
  return best;
}

Match certificate_matches(const model::CertificatePattern& pattern, const model::ClientCertificate& certificate) {
  Match worst = Match::yes;
  if (pattern.subject) worst = std::min(worst, subject_matches(*pattern.subject, certificate));
  if (pattern.issuer) worst = std::min(worst, issuer_matches(*pattern.issuer, certificate));
  if (!pattern.fingerprints.empty()) worst = std::min(worst, fingerprint_matches(pattern.fingerprints, certificate));
  return worst;
}

unsigned specificity(const model::CertificatePattern& pattern) {
  constexpr unsigned whole_text = 2000;
  constexpr unsigned has_fingerprint = 10'000;
  unsigned rank = pattern.issuer ? 1 : 0;
  if (pattern.subject) {
    rank += 2 * (1 + (pattern.subject->common_name ? specificity(*pattern.subject->common_name) : whole_text));
  }
  return rank + (pattern.fingerprints.empty() ? 0 : has_fingerprint);
}

std::string describe(const model::ClientCertificate& certificate) {
  std::string text;
  const auto add = [&text](std::string_view label, std::string_view value) {
    if (value.empty()) return;
    if (!text.empty()) text += ", ";
    text.append(label).append(" ").append(value);
  };
  add("subject", certificate.subject_name.empty() ? certificate.subject_common_name : certificate.subject_name);
  add("issuer", certificate.issuer_name.empty() ? certificate.issuer_common_name : certificate.issuer_name);
  add("sha256", certificate.sha256.value_or(""));
  add("spki-sha256", certificate.public_key_sha256.value_or(""));
  if (!text.empty()) return text;
  return certificate.sha256 ? "no certificate" : "no trusted certificate; its fingerprint is not known";
}

}  // namespace connectord::engine
