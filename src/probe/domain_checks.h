#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectord/auth/dmarc_record.h"
#include "connectord/dns/gatherer.h"
#include "connectord/probe/domain_check.h"
#include "recorder.h"

namespace connectord::probe {

// One domain under examination.
struct DomainWork {
  const DomainOptions& options;
  Recorder& recorder;
  std::vector<Publication>& publish;

  void pass(std::string_view check, std::string expected, std::string seen) const {
    recorder.add({.check = std::string(check), .expected = std::move(expected), .seen = std::move(seen)});
  }
  void fail(model::Finding finding) const {
    finding.outcome = model::Outcome::fail;
    recorder.add(std::move(finding), Obstacle::incomplete);
  }
  void warn(model::Finding finding) const {
    finding.outcome = model::Outcome::fail;
    recorder.warn(std::move(finding));
  }
  void not_known(model::Finding finding) const {
    finding.outcome = model::Outcome::temperror;
    recorder.add(std::move(finding), Obstacle::incomplete);
  }
  void not_applicable(model::Finding finding) const {
    finding.outcome = model::Outcome::not_applicable;
    recorder.add(std::move(finding));
  }
};

// Runs a function over what DNS has told until it has a result, and waits for that.
template <class Step>
auto gathered(dns::Resolver& resolver, Step step) {
  constexpr std::chrono::seconds patience{20};
  decltype(step(std::declval<dns::Knowledge&>())) result;
  dns::Gatherer gatherer(resolver);
  gatherer.start([&](dns::Knowledge& knowledge) {
    result = step(knowledge);
    return result.has_value();
  });
  gatherer.wait_until(std::chrono::steady_clock::now() + patience);
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
