#include <algorithm>
#include <map>

#include "complaints.h"
#include "connectord/base/shell_word.h"
#include "connectord/reports/judgement.h"

namespace connectord::reports {
namespace {

// One of the other's subdomains, or the same: what relaxed alignment (RFC 7489, 3.1) takes for one, if both belong to
// one organization.
bool are_related(const std::string& one, const std::string& other) {
  return one == other || one.ends_with("." + other) || other.ends_with("." + one);
}

const CheckedIdentity* find(const std::vector<CheckedIdentity>& identities, auto&& fits) {
  const auto found = std::find_if(identities.begin(), identities.end(), fits);
  return found == identities.end() ? nullptr : &*found;
}

class RowJudge {
 public:
  RowJudge(const AggregateRow& row, const AggregateReport& report) : row_(row), report_(report) {
    own_ = find(row.dkim, [&](const auto& one) { return are_related(one.domain, row.header_from); });
    foreign_ = find(row.dkim,
                    [&](const auto& one) { return one.result == "pass" && !are_related(one.domain, row.header_from); });
  }

  Complaint complaint() const { return {.count = row_.count, .what = dkim() + "; " + spf(), .hint = hint()}; }

 private:
  std::string dkim() const {
    if (own_ != nullptr) {
      const std::string selector = own_->selector.empty() ? "" : " (selector " + own_->selector + ")";
      return "DKIM signature of " + own_->domain + selector + ": " + own_->result;
    }
    if (foreign_ != nullptr) return "signed by " + foreign_->domain + " alone, not by " + row_.header_from;
    return row_.dkim.empty() ? "no DKIM signature"
                             : "DKIM signature of " + row_.dkim.front().domain + ": " + row_.dkim.front().result;
  }

  std::string spf() const {
    if (row_.spf.empty()) return "SPF was not checked";
    const CheckedIdentity& checked = row_.spf.front();
    if (checked.result == "pass" && checked.domain != row_.header_from) {
      return "SPF passes for " + checked.domain + ", which is not " + row_.header_from;
    }
    return "SPF of " + checked.domain + ": " + checked.result;
  }

  bool has_reason(std::string_view reason) const {
    return std::any_of(row_.reasons.begin(), row_.reasons.end(),
                       [reason](const OverrideReason& one) { return one.type == reason; });
  }

  std::string hint() const {
    if (has_reason("forwarded") || has_reason("trusted_forwarder") || has_reason("mailing_list")) {
      return "the receiver takes it for forwarded mail or a list's, and let it be: nothing to change";
    }
    if (own_ != nullptr && own_->result == "pass") {
      return "the signature is good, but not for this author's domain: sign as " + row_.header_from + " itself";
    }
    if (own_ != nullptr) {
      return "if the host is yours, something changes the mail behind the signature, or the key in DNS is another one: "
             "connectorctl dns " +
             base::shell_word(own_->domain);
    }
    if (foreign_ != nullptr) {
      return "if " + foreign_->domain + " sends for you, have it sign as " + row_.header_from +
             " too; else it is not your mail";
    }
    return "if the host is yours, sign its mail, and name it in the SPF record of " + row_.header_from +
           "; else somebody forges it, and " + consequence();
  }

  std::string consequence() const {
    if (report_.policy == "none") return "p=none lets it in";
    return report_.policy.empty() ? "the policy is not told" : "p=" + report_.policy + " is there for that";
  }

  const AggregateRow& row_;
  const AggregateReport& report_;
  const CheckedIdentity* own_;
  const CheckedIdentity* foreign_;
};

}  // namespace

AggregateJudgement judge(const AggregateReport& report) {
  AggregateJudgement judgement;
  std::map<std::string, FailingSource> sources;
  std::map<std::string, Complaints> complaints;
  for (const AggregateRow& row : report.rows) {
    judgement.messages += row.count;
    FailingSource& source = sources[row.source];
    source.messages += row.count;
    if (row.is_aligned()) {
      judgement.aligned += row.count;
      continue;
    }
    source.failed += row.count;
    if (row.disposition == "quarantine") source.quarantined += row.count;
    if (row.disposition == "reject") source.rejected += row.count;
    complaints[row.source].add(RowJudge(row, report).complaint());
  }
  for (auto& [address, source] : sources) {
    if (source.failed == 0) continue;
    source.address = address;
    source.complaints = complaints[address].most_frequent_first();
    judgement.failing.push_back(std::move(source));
  }
  std::stable_sort(judgement.failing.begin(), judgement.failing.end(),
                   [](const auto& a, const auto& b) { return a.failed > b.failed; });
  return judgement;
}

}  // namespace connectord::reports
