#include "connectord/auth/dmarc_walk.h"
#include "connectord/base/text.h"
#include "connectord/dns/lookups.h"
#include "connectord/dns/names.h"
#include "connectord/net/domain_name.h"
#include "domain_checks.h"

namespace connectord::probe {
namespace {

using auth::DmarcRecord;
using auth::TreeWalk;
using model::DmarcPolicy;

constexpr std::size_t max_dmarc_text = 300;

class Dmarc {
 public:
  explicit Dmarc(const DomainWork& work) : work_(work), domain_(work.options.domain) {}

  void run() {
    walk_ = gathered(work_.steps.services().resolver, [this](dns::DnsAnswers& answers) -> std::optional<TreeWalk> {
      TreeWalk walk = auth::walk_tree(domain_, answers);
      if (walk.state == TreeWalk::State::waiting) return std::nullopt;
      return walk;
    });
    if (walk_.state == TreeWalk::State::failed) {
      return work_.not_known({.check = model::check::dmarc_record, .expected = expected(), .seen = walk_.problem});
    }
    const DmarcRecord* record = find();
    if (record == nullptr) return report_none();
    report_record(*record);
    report_policy(*record);
    report_alignment(*record);
    if (!record->has_report_address) {
      work_.warn({.check = model::check::dmarc_reports,
                  .expected = "rua=mailto:…",
                  .seen = "none",
                  .hint = "nobody tells you who sends in the domain's name, and what fails"});
    }
    // A public suffix's policy is of an organization of its own.
    const TreeWalk::Entry* suffix = walk_.public_suffix();
    const bool is_suffix = suffix != nullptr && at_ == suffix->name;
    check_report_addresses(work_, *record, {at_, is_suffix ? at_ : walk_.organizational_domain});
  }

 private:
  static std::string expected() { return "a DMARC record of the domain, or of one above (RFC 9989, 4.10)"; }

  // RFC 9989, 4.10.1: the domain's own, the organizational domain's, its public suffix's.
  const DmarcRecord* find() {
    for (const std::string& name : {domain_, walk_.organizational_domain}) {
      if (const DmarcRecord* record = walk_.record_at(name)) {
        at_ = name;
        return record;
      }
    }
    const TreeWalk::Entry* suffix = walk_.public_suffix();
    if (suffix == nullptr) return nullptr;
    at_ = suffix->name;
    return &suffix->record;
  }

  std::vector<std::string> what_stands_there() const {
    return dns::ask(work_.steps.services().resolver, {"_dmarc." + domain_, dns::Type::txt})->texts;
  }

  void report_none() const {
    work_.fail({.check = model::check::dmarc_record,
                .expected = expected(),
                .seen = walk_.problem.empty() ? none_but(what_stands_there()) : walk_.problem,
                .hint = "receivers do nothing about those who write the domain into From; some refuse its mail"});
    if (!walk_.problem.empty()) return;
    work_.publish.push_back({dns::txt_line("_dmarc." + domain_, "v=DMARC1; p=none; rua=mailto:postmaster@" + domain_),
                             "DMARC: begin with reports, and go on to p=reject when they show your mail only"});
  }

  void report_record(const DmarcRecord& record) const {
    const std::string where = at_ == domain_ ? "its own" : "of " + at_;
    if (record.problem.empty()) return work_.pass(model::check::dmarc_record, expected(), where);
    model::Finding finding{.check = model::check::dmarc_record,
                           .expected = expected(),
                           .seen = base::printable(where + ": " + record.problem, max_dmarc_text)};
    finding.hint = record.usable ? "the tag counts as if it was not there" : "receivers pass the whole record over";
    record.usable ? work_.warn(std::move(finding)) : work_.fail(std::move(finding));
  }

  // What a receiver does with a message from this domain that fails.
  void report_policy(const DmarcRecord& record) const {
    DmarcPolicy policy = record.policy;
    if (at_ != domain_ && record.subdomain_policy) policy = *record.subdomain_policy;
    const std::string seen = "p=" + std::string(to_string(policy)) + (record.testing ? ", only for testing (t=y)" : "");
    if (policy != DmarcPolicy::none && !record.testing) {
      return work_.pass(model::check::dmarc_policy, "receivers act on mail that fails", seen);
    }
    work_.warn({.check = model::check::dmarc_policy,
                .expected = "receivers act on mail that fails",
                .seen = seen,
                .hint = record.testing
                            ? "receivers do less than the policy says; take t=y out when the reports are good"
                            : "receivers deliver it; go on to quarantine or reject when the reports are good"});
  }

  // Signatures of another domain than the author's count only where alignment is relaxed.
  void report_alignment(const DmarcRecord& record) const {
    for (const KnownSelector& known : work_.options.selectors) {
      const bool aligned =
          known.domain == domain_ || (!record.strict_dkim && net::is_same_or_below(domain_, known.domain));
      if (aligned || !known.key) continue;
      work_.warn({.check = model::check::dmarc_alignment,
                  .expected = "signatures of " + domain_,
                  .seen = "we sign with d=" + known.domain + ", and adkim is " + (record.strict_dkim ? "s" : "r"),
                  .hint = "such a signature does not count for DMARC"});
    }
  }

  const DomainWork& work_;
  const std::string& domain_;
  TreeWalk walk_;
  std::string at_;
};

}  // namespace

void check_dmarc_of(const DomainWork& work) {
  work.steps.at("DMARC");
  Dmarc(work).run();
}

}  // namespace connectord::probe
