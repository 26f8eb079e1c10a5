#include <array>
#include <string_view>

#include "complaints.h"
#include "connectord/base/shell_word.h"
#include "connectord/reports/judgement.h"

namespace connectord::reports {
namespace {

struct Meaning {
  std::string_view result;
  std::string_view hint;
};

// RFC 8460, 4.3.
constexpr std::array<Meaning, 11> meanings = {{
    {"starttls-not-supported", "our server must offer STARTTLS to everybody: connectorctl doctor"},
    {"certificate-host-mismatch", "the certificate must name the MX host, and the policy's mx entries too"},
    {"certificate-expired", "renew the certificate, and have the mail server load it"},
    {"certificate-not-trusted", "send the whole chain, and use an authority that the world knows"},
    {"validation-failure", "see the information given; connectorctl dns shows what we publish"},
    {"tlsa-invalid", "the TLSA record does not fit the certificate: publish the new one before the server shows it"},
    {"dnssec-invalid", "DNSSEC of the domain is broken: ask who runs its DNS"},
    {"dane-required", "the sender demands DANE of us; publish TLSA records or ask the sender"},
    {"sts-policy-fetch-error", "https://mta-sts.DOMAIN/.well-known/mta-sts.txt must be there for everybody"},
    {"sts-policy-invalid", "mta-sts.txt must be as RFC 8461, 3.2 says: connectorctl dns"},
    {"sts-webpki-invalid", "the web server's certificate must be good for mta-sts.DOMAIN"},
}};

std::string hint_for(const std::string& result, const std::string& domain) {
  for (const Meaning& meaning : meanings) {
    if (meaning.result != result) continue;
    std::string hint(meaning.hint);
    if (const auto at = hint.find("DOMAIN"); at != std::string::npos) hint.replace(at, 6, domain);
    return hint;
  }
  return {};
}

std::string words_of(const TlsFailure& failure, const TlsPolicyResult& policy) {
  std::string words = (failure.result.empty() ? "failed" : failure.result) + " for " + policy.domain;
  if (!failure.mx.empty()) words += " at " + failure.mx;
  if (!failure.receiving_address.empty()) words += " [" + failure.receiving_address + "]";
  if (!failure.information.empty()) words += ": " + failure.information;
  return words;
}

}  // namespace

TlsJudgement judge(const TlsReport& report) {
  TlsJudgement judgement;
  Complaints complaints;
  for (const TlsPolicyResult& policy : report.policies) {
    judgement.successes += policy.successes;
    judgement.failures += policy.failures;
    std::uint64_t explained = 0;
    for (const TlsFailure& failure : policy.details) {
      explained += failure.count;
      complaints.add(
          {.count = failure.count, .what = words_of(failure, policy), .hint = hint_for(failure.result, policy.domain)});
    }
    if (policy.failures > explained) {
      complaints.add({.count = policy.failures - explained,
                      .what = "failed for " + policy.domain + "; the report does not say why",
                      .hint = "connectorctl dns " + base::shell_word(policy.domain)});
    }
  }
  judgement.complaints = complaints.most_frequent_first();
  return judgement;
}

}  // namespace connectord::reports
