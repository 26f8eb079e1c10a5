#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectord/auth/dmarc_record.h"
#include "connectord/dns/lookup_driver.h"
#include "connectord/probe/domain_check.h"
#include "step_log.h"

namespace connectord::probe {

// One domain under examination.
struct DomainWork {
  const DomainOptions& options;
  StepLog& steps;
  std::vector<Publication>& publish;

  void pass(std::string_view check, std::string expected, std::string seen) const {
    steps.add({.check = std::string(check), .expected = std::move(expected), .seen = std::move(seen)});
  }
  void fail(model::Finding finding) const {
    finding.outcome = model::Outcome::fail;
    steps.add(std::move(finding), Obstacle::incomplete);
  }
  void warn(model::Finding finding) const {
    finding.outcome = model::Outcome::fail;
    steps.warn(std::move(finding));
  }
  void not_known(model::Finding finding) const {
    finding.outcome = model::Outcome::temperror;
    steps.add(std::move(finding), Obstacle::incomplete);
  }
  void not_applicable(model::Finding finding) const {
    finding.outcome = model::Outcome::not_applicable;
    steps.add(std::move(finding));
  }
};

// Runs a function over what DNS has answered until it has a result, and waits for that.
template <class Step>
auto gathered(dns::Resolver& resolver, Step step) {
  constexpr std::chrono::seconds timeout{20};
  decltype(step(std::declval<dns::DnsAnswers&>())) result;
  dns::LookupDriver lookups(resolver);
  lookups.start([&](dns::DnsAnswers& answers) {
    result = step(answers);
    return result.has_value();
  });
  lookups.wait_until(std::chrono::steady_clock::now() + timeout);
  return *std::move(result);
}

// What stands in the place of a missing record: it may be that, in quotation marks or in another case.
std::string none_but(const std::vector<std::string>& texts);

// Whose record names the addresses that reports go to.
struct ReportingDomain {
  std::string domain;        // where the record was found
  std::string organization;  // of that; its own domains need no authorization
};

void check_report_addresses(const DomainWork& work, const auth::DmarcRecord& record, const ReportingDomain& from);

void check_spf_of(const DomainWork& work);
void check_dkim_of(const DomainWork& work);
void check_dmarc_of(const DomainWork& work);
void check_exchangers_of(const DomainWork& work);  // MX, their TLS, DANE, MTA-STS
void check_tls_reporting_of(const DomainWork& work);
void check_reverse_names_of(const DomainWork& work);

}  // namespace connectord::probe
