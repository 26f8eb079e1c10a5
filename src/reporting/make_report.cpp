#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "connectord/auth/dmarc_record.h"
#include "connectord/base/ascii_case.h"
#include "connectord/base/build.h"
#include "connectord/base/digest.h"
#include "connectord/base/text.h"
#include "connectord/net/domain_name.h"
#include "connectord/reporting/collection.h"

namespace connectord::reporting {
namespace {

using model::Action;
using model::DkimResult;
using model::DmarcPolicy;
using model::DmarcResult;
using reports::AggregateRow;
using reports::CheckedIdentity;
using reports::OverrideReason;

constexpr std::size_t max_note = 200;
constexpr std::size_t max_signatures = 100;  // RFC 9990, 3.1.3

// RFC 9990, 3.1.3: those that the author's domain made itself, then its organization's, then all others that pass.
int rank_of(const model::DkimSignature& signature, const model::DmarcOutcome& dmarc) {
  if (signature.result != DkimResult::pass) return 3;
  if (signature.domain == dmarc.from_domain) return 0;
  const std::string& organization = dmarc.organizational_domain;
  return !organization.empty() && net::is_same_or_below(signature.domain, organization) ? 1 : 2;
}

std::vector<CheckedIdentity> signatures_of(const model::Authentication& results) {
  std::vector<const model::DkimSignature*> sorted;
  if (results.dkim) {
    for (const model::DkimSignature& signature : *results.dkim) sorted.push_back(&signature);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [&results](const auto* a, const auto* b) {
    return rank_of(*a, *results.dmarc) < rank_of(*b, *results.dmarc);
  });
  if (sorted.size() > max_signatures) sorted.resize(max_signatures);
  std::vector<CheckedIdentity> identities;
  for (const auto* signature : sorted) {
    if (signature->domain.empty() || signature->result == model::unrecognized<DkimResult>) continue;
    const bool passes = signature->result == DkimResult::pass;
    identities.push_back({.domain = signature->domain,
                          .selector = signature->selector,
                          .result = std::string(to_string(signature->result)),
                          .note = passes ? "" : base::printable(signature->problem, max_note)});
  }
  return identities;
}

// The MAIL FROM identity alone counts for DMARC, and is all that a report has (RFC 9990, 3.1.1.13).
std::vector<CheckedIdentity> spf_of(const model::Authentication& results) {
  if (!results.spf || results.spf->identity != model::SpfOutcome::Identity::mail_from) return {};
  const model::SpfOutcome& spf = *results.spf;
  if (spf.domain.empty() || spf.result == model::unrecognized<model::SpfResult>) return {};
  return {{.domain = spf.domain,
           .result = std::string(to_string(spf.result)),
           .scope = "mfrom",
           .note = base::printable(spf.problem, max_note)}};
}

// RFC 9990, 3.1.6. What decide() writes into Decision::dmarc_override is ours, and says nothing of anybody's mail.
OverrideReason reason_of(const std::string& dmarc_override) {
  return {dmarc_override == model::override_by_sealer ? "trusted_forwarder" : "local_policy",
          base::printable(dmarc_override, max_note)};
}

// What was done because of DMARC, and why it is not what the policy asks for.
struct Evaluated {
  std::string disposition;
  std::vector<OverrideReason> reasons{};
};

Evaluated failed(const trace::DmarcFacts& facts) {
  const model::DmarcOutcome& dmarc = *facts.results.dmarc;
  const bool is_held = facts.action == Action::quarantine || facts.is_quarantined;
  Evaluated evaluated{"none"};
  if (!facts.dmarc_override.empty()) {
    evaluated.reasons.push_back(reason_of(facts.dmarc_override));
  } else if (dmarc.policy == DmarcPolicy::reject && facts.action == Action::reject) {
    evaluated.disposition = "reject";
  } else if (dmarc.policy == DmarcPolicy::quarantine && (is_held || facts.action == Action::reject)) {
    evaluated.disposition = "quarantine";
  } else if (dmarc.policy != DmarcPolicy::none) {
    evaluated.reasons.push_back({.type = "local_policy"});
  }
  if (dmarc.testing && dmarc.policy != dmarc.published) evaluated.reasons.push_back({.type = "policy_test_mode"});
  return evaluated;
}

Evaluated evaluated_of(const trace::DmarcFacts& facts) {
  const model::DmarcOutcome& dmarc = *facts.results.dmarc;
  switch (dmarc.result) {
    case DmarcResult::pass:
      return {dmarc.policy == DmarcPolicy::none ? "none" : "pass"};
    case DmarcResult::temperror:
      return {"none", {{"other", base::printable("not decided: " + dmarc.problem, max_note)}}};
    case DmarcResult::fail:
    case DmarcResult::none:
    case DmarcResult::permerror:
      break;
  }
  return failed(facts);
}

// std::nullopt for what is in no report: what its sender was asked to try again, and mail without one author.
std::optional<AggregateRow> row_of(std::string_view key) {
  const auto facts = trace::read_dmarc_key(key);
  if (!facts || facts->action == Action::defer || facts->client.empty()) return std::nullopt;
  const model::DmarcOutcome& dmarc = *facts->results.dmarc;
  const bool is_decided =
      dmarc.result == DmarcResult::pass || dmarc.result == DmarcResult::fail || dmarc.result == DmarcResult::temperror;
  if (!is_decided || dmarc.from_domain.empty()) return std::nullopt;
  Evaluated evaluated = evaluated_of(*facts);
  return AggregateRow{.source = facts->client,
                      .count = 0,
                      .disposition = std::move(evaluated.disposition),
                      .dkim_aligned = dmarc.dkim_aligned,
                      .spf_aligned = dmarc.spf_aligned,
                      .reasons = std::move(evaluated.reasons),
                      .header_from = dmarc.from_domain,
                      .envelope_from = net::normalize_domain(facts->mail_from_domain).value_or(""),
                      .dkim = signatures_of(facts->results),
                      .spf = spf_of(facts->results)};
}

auto tie_of(const AggregateRow& row) {
  return std::tie(row.header_from, row.source, row.disposition, row.dkim_aligned, row.spf_aligned, row.envelope_from,
                  row.reasons, row.dkim, row.spf);
}

struct InOrder {
  bool operator()(const AggregateRow& a, const AggregateRow& b) const { return tie_of(a) < tie_of(b); }
};

// Keys tell more apart than a report does.
std::vector<AggregateRow> rows_of(const Collection::Domain& messages) {
  std::vector<AggregateRow> rows;
  for (const auto& [key, count] : messages.counts) {
    auto row = row_of(key);
    if (!row) continue;
    row->count = count;
    rows.push_back(std::move(*row));
  }
  std::sort(rows.begin(), rows.end(), InOrder());
  std::vector<AggregateRow> merged;
  for (AggregateRow& row : rows) {
    if (!merged.empty() && tie_of(merged.back()) == tie_of(row)) {
      merged.back().count += row.count;
    } else {
      merged.push_back(std::move(row));
    }
  }
  return merged;
}

// How many messages were left out.
std::uint64_t keep_most_frequent(std::vector<AggregateRow>& rows, std::size_t most) {
  if (rows.size() <= most) return 0;
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
  const auto end = rows.begin() + static_cast<std::ptrdiff_t>(most);
  const std::uint64_t left = std::accumulate(end, rows.end(), std::uint64_t{0},
                                             [](std::uint64_t sum, const auto& row) { return sum + row.count; });
  rows.erase(end, rows.end());
  std::sort(rows.begin(), rows.end(), InOrder());
  return left;
}

void describe_policy(const Collection::Domain& messages, reports::AggregateReport& report) {
  const auto facts = trace::read_dmarc_key(messages.newest_key);
  const auto record = auth::parse_dmarc_record("v=DMARC1; " + (facts ? facts->results.dmarc->record : ""));
  if (!record) return;
  const DmarcPolicy subdomains = record->subdomain_policy.value_or(record->policy);
  report.policy = to_string(record->policy);
  report.published = {.subdomains = std::string(to_string(subdomains)),
                      .non_existent = std::string(to_string(record->non_existent_policy.value_or(subdomains))),
                      .adkim = record->strict_dkim ? "s" : "r",
                      .aspf = record->strict_spf ? "s" : "r",
                      .failure_options = record->failure_options.empty() ? "0" : record->failure_options,
                      .testing = record->testing ? "y" : "n",
                      .discovery_method = "treewalk"};
}

}  // namespace

ReportName name_of(const std::string& domain, Day day, const Reporter& reporter) {
  constexpr std::size_t length = 20;
  const std::string unique =
      base::sha256_hex(reporter.host_name + '\0' + domain + '\0' + to_string(day)).substr(0, length);
  const std::string id = to_string(day) + "." + unique + "@" + reporter.host_name;
  return {.id = id,
          .file_name = reporter.domain + "!" + domain + "!" + std::to_string(day.begin()) + "!" +
                       std::to_string(day.last()) + "!" + unique + ".xml.gz",
          .subject = "Report Domain: " + domain + " Submitter: " + reporter.domain + " Report-ID: <" + id + ">"};
}

reports::AggregateReport make_report(const std::string& domain, const Collection::Domain& messages, Day day,
                                     const Reporter& reporter, const std::string& problem, std::size_t max_rows) {
  reports::AggregateReport report{.organization = reporter.organization,
                                  .email = reporter.address,
                                  .id = name_of(domain, day, reporter).id,
                                  .error = problem,
                                  .generator = "connectord " + base::version_and_commit(),
                                  .begin = day.begin(),
                                  .end = day.last(),
                                  .domain = domain,
                                  .policy = {},
                                  .rows = rows_of(messages)};
  describe_policy(messages, report);
  if (const std::uint64_t left = keep_most_frequent(report.rows, max_rows); left > 0) {
    report.error += (report.error.empty() ? "" : "; ") + std::string("the report is cut: ") + std::to_string(left) +
                    " messages of rarer kinds are left out";
  }
  return report;
}

}  // namespace connectord::reporting
