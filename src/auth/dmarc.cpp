#include "connectord/auth/dmarc.h"

#include <algorithm>
#include <utility>

#include "connectord/auth/dmarc_walk.h"
#include "connectord/net/domain_name.h"

namespace connectord::auth {
namespace {

using model::DmarcOutcome;
using model::DmarcPolicy;
using model::DmarcResult;

enum class Alignment : std::uint8_t { aligned, not_aligned, unknown, waiting };

DmarcPolicy one_level_below(DmarcPolicy policy) {
  return policy == DmarcPolicy::reject ? DmarcPolicy::quarantine : DmarcPolicy::none;
}

std::string_view top_label(std::string_view domain) {
  return domain.substr(domain.rfind('.') + 1);
}

// A record and the domain where it was found.
struct Policy {
  std::string domain;
  const DmarcRecord* record = nullptr;
};

// 4.10.1: the author domain's record, then that of its organizational domain, then that of its public suffix.
std::optional<Policy> discover_policy(const TreeWalk& walk) {
  for (const std::string& domain : {walk.domain, walk.organizational_domain}) {
    if (const DmarcRecord* record = walk.record_at(domain)) return Policy{domain, record};
  }
  if (const TreeWalk::Entry* entry = walk.public_suffix()) return Policy{entry->name, &entry->record};
  return std::nullopt;
}

class Check {
 public:
  Check(const DmarcQuery& query, dns::DnsAnswers& dns_answers, DmarcRecords& records)
      : query_(query), answers_(dns_answers), records_(records) {}

  std::optional<DmarcOutcome> run() {
    if (!query_.author) return end(DmarcResult::permerror, query_.author.error());
    if (!query_.author->is_certain()) return without_author(*query_.author);
    outcome_.from_domain = query_.author->domains.front();
    prefetch_likely_identifiers();
    walk_ = walk_tree(outcome_.from_domain, answers_, records_);
    if (walk_.state == TreeWalk::State::waiting) return std::nullopt;
    outcome_.organizational_domain = walk_.organizational_domain;
    const auto policy = discover_policy(walk_);
    if (!policy && walk_.state == TreeWalk::State::failed) return end(DmarcResult::temperror, walk_.problem);
    // With a failure, only the record at the author domain itself is known to be the one that counts.
    if (walk_.state == TreeWalk::State::failed && policy->domain != walk_.domain) {
      return end(DmarcResult::temperror, walk_.problem);
    }
    if (!policy) return end(DmarcResult::none, walk_.problem);
    return apply(*policy);
  }

 private:
  // The results say what is wrong with From where nothing else is.
  DmarcOutcome end(DmarcResult result, const std::string& problem) {
    outcome_.result = result;
    outcome_.problem = problem.empty() && query_.author ? query_.author->remark : problem;
    return std::move(outcome_);
  }

  // Who can be read as several authors might be any of them, so nothing authenticates him. Where none of them has a
  // policy, there is none to get round, and the message is nobody's (5.3.1, 11.5).
  std::optional<DmarcOutcome> without_author(const mail::Author& author) {
    bool is_waiting = false;
    std::string unknown;
    for (const std::string& domain : author.domains) {
      const TreeWalk walk = walk_tree(domain, answers_);
      const auto policy = discover_policy(walk);
      if (policy && policy->record->usable) return end_with_policy(author, *policy);
      is_waiting = is_waiting || walk.state == TreeWalk::State::waiting;
      if (walk.state == TreeWalk::State::failed) unknown = walk.problem;
    }
    if (is_waiting) return std::nullopt;
    if (!unknown.empty()) return end(DmarcResult::temperror, author.remark + named(author) + "; " + unknown);
    return end(DmarcResult::none, author.remark + named(author));
  }

  DmarcOutcome end_with_policy(const mail::Author& author, const Policy& policy) {
    outcome_.record_domain = policy.domain;
    outcome_.policy = outcome_.published = policy.record->policy;
    return end(DmarcResult::permerror, author.remark + named(author) + "; " + policy.domain + " has a DMARC policy");
  }

  // Whom a reader may find.
  static std::string named(const mail::Author& author) {
    if (author.domains.empty()) return ", and no author domain";
    std::string text;
    for (const std::string& domain : author.domains) text += (text.empty() ? "; it may name " : ", ") + domain;
    return text;
  }

  std::optional<DmarcOutcome> apply(const Policy& policy) {
    const DmarcRecord& record = *policy.record;
    outcome_.record_domain = policy.domain;
    outcome_.problem =
        record.problem.empty() ? query_.author->remark : "record at _dmarc." + policy.domain + ": " + record.problem;
    if (!record.usable) {
      outcome_.record_domain.clear();
      return std::move(outcome_);  // none
    }
    outcome_.record = tags_of(record);
    const bool evaluated = evaluate_identifiers(record);
    const bool knows_policy = set_policy(policy);
    if (!evaluated || !knows_policy) return std::nullopt;
    set_result();
    return std::move(outcome_);
  }

  // False while answers are missing.
  bool evaluate_identifiers(const DmarcRecord& record) {
    bool complete = true;
    const std::size_t count = std::min(query_.identifiers.size(), max_dmarc_identifiers);
    for (std::size_t i = 0; i < count; ++i) {
      const DmarcIdentifier& identifier = query_.identifiers[i];
      const bool of_spf = identifier.source == DmarcIdentifier::Source::spf;
      switch (alignment_of(identifier.domain, of_spf ? record.strict_spf : record.strict_dkim)) {
        case Alignment::aligned:
          note_aligned(identifier, of_spf);
          break;
        case Alignment::unknown:
          note_undecided("it is not known whether " + identifier.domain + " is aligned: " + alignment_problem_);
          break;
        case Alignment::waiting:
          complete = false;
          break;
        case Alignment::not_aligned:
          break;
      }
    }
    return complete;
  }

  void note_aligned(const DmarcIdentifier& identifier, bool of_spf) {
    if (identifier.state == DmarcIdentifier::State::unknown) {
      note_undecided((of_spf ? "SPF of " : "DKIM of ") + identifier.domain + " had a temporary error");
      return;
    }
    (of_spf ? outcome_.spf_aligned : outcome_.dkim_aligned) = true;
  }

  void note_undecided(const std::string& why) {
    if (undecided_.empty()) undecided_ = why;
  }

  // 4.10.2
  Alignment alignment_of(const std::string& domain, bool strict) {
    if (domain == walk_.domain) return Alignment::aligned;
    if (strict || domain.empty()) return Alignment::not_aligned;
    if (walk_.state == TreeWalk::State::failed) {
      // An organizational domain lies above its domain, so two without a label in common never share one.
      alignment_problem_ = walk_.problem;
      return top_label(domain) == top_label(walk_.domain) ? Alignment::unknown : Alignment::not_aligned;
    }
    if (!net::is_same_or_below(domain, walk_.organizational_domain)) return Alignment::not_aligned;
    const TreeWalk walk = walk_tree(domain, answers_, records_);
    if (walk.state == TreeWalk::State::waiting) return Alignment::waiting;
    if (walk.state == TreeWalk::State::failed) {
      alignment_problem_ = walk.problem;
      return Alignment::unknown;
    }
    return walk.organizational_domain == walk_.organizational_domain ? Alignment::aligned : Alignment::not_aligned;
  }

  // p for the record's own domain; np or sp below it (4.10.1). False while answers are missing.
  bool set_policy(const Policy& policy) {
    const DmarcRecord& record = *policy.record;
    DmarcPolicy published = record.policy;
    if (policy.domain != walk_.domain) {
      published = record.subdomain_policy.value_or(record.policy);
      if (record.non_existent_policy && *record.non_existent_policy != published) {
        const dns::Answer* answer = answers_.ask({walk_.domain, dns::Type::txt});
        if (answer == nullptr) return false;
        if (answer->is_temporary()) note_policy_unknown(*answer);
        if (answer->status == dns::Status::nxdomain) published = *record.non_existent_policy;
      }
    }
    outcome_.testing = record.testing;
    outcome_.published = published;
    outcome_.policy = record.testing ? one_level_below(published) : published;
    return true;
  }

  void note_policy_unknown(const dns::Answer& answer) {
    note_undecided("it is not known whether " + walk_.domain +
                   " exists: " + std::string(dns::to_string(answer.status)));
  }

  void set_result() {
    if (outcome_.spf_aligned || outcome_.dkim_aligned) {
      outcome_.result = DmarcResult::pass;
    } else if (!undecided_.empty()) {
      outcome_.result = DmarcResult::temperror;
      outcome_.problem = undecided_;
    } else {
      outcome_.result = DmarcResult::fail;
    }
  }

  // Identifiers that share two labels with the author domain are likely to need a walk of their own; their questions go
  // out with the first.
  void prefetch_likely_identifiers() {
    const std::size_t count = std::min(query_.identifiers.size(), max_dmarc_identifiers);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& domain = query_.identifiers[i].domain;
      if (domain != outcome_.from_domain && share_two_labels(domain, outcome_.from_domain)) {
        prefetch_dmarc(domain, answers_);
      }
    }
  }

  static std::string_view last_two_labels(std::string_view domain) {
    const auto last = domain.rfind('.');
    if (last == std::string_view::npos || last == 0) return domain;
    const auto before = domain.rfind('.', last - 1);
    return before == std::string_view::npos ? domain : domain.substr(before + 1);
  }

  static bool share_two_labels(std::string_view a, std::string_view b) {
    return last_two_labels(a) == last_two_labels(b);
  }

  const DmarcQuery& query_;
  dns::DnsAnswers& answers_;
  DmarcRecords& records_;
  DmarcOutcome outcome_;
  TreeWalk walk_;
  std::string undecided_;  // why a result other than pass is not known now
  std::string alignment_problem_;
};

void add_identifier(std::vector<DmarcIdentifier>& identifiers, DmarcIdentifier identifier) {
  if (identifier.domain.empty()) return;
  if (std::find(identifiers.begin(), identifiers.end(), identifier) != identifiers.end()) return;
  identifiers.push_back(std::move(identifier));
}

}  // namespace

std::vector<DmarcIdentifier> dmarc_identifiers(const std::optional<model::SpfOutcome>& spf,
                                               const std::vector<model::DkimSignature>& signatures,
                                               bool trust_body_length) {
  using Source = DmarcIdentifier::Source;
  using State = DmarcIdentifier::State;
  std::vector<DmarcIdentifier> identifiers;
  if (spf && spf->identity == model::SpfOutcome::Identity::mail_from) {
    if (spf->result == model::SpfResult::pass)
      add_identifier(identifiers, {Source::spf, State::authenticated, spf->domain});
    if (spf->result == model::SpfResult::temperror)
      add_identifier(identifiers, {Source::spf, State::unknown, spf->domain});
  }
  // Those that passed come first, so that no number of others can crowd them out.
  for (const auto& [result, state] : {std::pair(model::DkimResult::pass, State::authenticated),
                                      std::pair(model::DkimResult::temperror, State::unknown)}) {
    for (const model::DkimSignature& signature : signatures) {
      if (signature.result != result || (signature.body_length_limited && !trust_body_length)) continue;
      add_identifier(identifiers, {Source::dkim, state, signature.domain});
    }
  }
  return identifiers;
}

void prefetch_dmarc(std::string_view domain, dns::DnsAnswers& dns_answers) {
  if (!domain.empty()) ask_for_walk(domain, dns_answers);
}

DmarcCheck::DmarcCheck(DmarcQuery query) : query_(std::move(query)) {}

std::optional<DmarcOutcome> DmarcCheck::run(dns::DnsAnswers& dns_answers) {
  return Check(query_, dns_answers, records_).run();
}

std::optional<DmarcOutcome> check_dmarc(const DmarcQuery& query, dns::DnsAnswers& dns_answers) {
  return DmarcCheck(query).run(dns_answers);
}

}  // namespace connectord::auth
