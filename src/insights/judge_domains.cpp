// What becomes of our own domains' names: where their mail goes, and whether mail in their name is signed.
#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/engine/index.h"
#include "connectord/mail/author.h"
#include "connectord/model/checks.h"
#include "judgement.h"
#include "message_groups.h"

namespace connectord::insights {
namespace {

using model::Finding;
using trace::Message;
using trace::Row;

constexpr std::size_t max_hosts_text = 300;

std::string hosts_text(const std::vector<std::string>& hosts) {
  return base::printable(base::joined(hosts), max_hosts_text);
}

const Finding* finding_about_signing(const Message& message) {
  const auto found = std::find_if(message.findings.begin(), message.findings.end(),
                                  [](const Finding& finding) { return finding.check == model::check::signing; });
  return found == message.findings.end() ? nullptr : &*found;
}

bool is_of(const std::string& domain, const std::string& organization) {
  return domain == organization || domain.ends_with("." + organization);
}

// Signed by whoever may write that name (RFC 9989, relaxed alignment), whatever became of the signature on its way.
bool has_signature_of_its_author(const Message& message) {
  const auto& dmarc = message.authentication.dmarc;
  const auto& signatures = message.authentication.dkim;
  return std::any_of(signatures->begin(), signatures->end(), [&](const model::DkimSignature& signature) {
    return is_of(signature.domain,
                 dmarc->organizational_domain.empty() ? dmarc->from_domain : dmarc->organizational_domain);
  });
}

class DomainJudge {
 public:
  explicit DomainJudge(const Judgement& judgement) : judgement_(judgement), seen_(judgement.seen) {
    for (const net::DomainPattern& pattern : seen_.configuration.organization.accepted_domains) {
      if (pattern.kind() != net::DomainPattern::Kind::any) ours_.add(pattern, 0);
    }
    for (const Row& row : seen_.newest) {
      if (!is_accepted(*row.message)) continue;
      if (is_from_outside(*row.message)) came_for_[domain_of(row.rcpt_to)].add(row);
      look_at_signature(row);
    }
  }

  void run() {
    exchangers();
    unsigned_mail("arrives", sources_, from_sources_);
    unsigned_mail("leaves", leaving_, all_leaving_);
  }

 private:
  bool is_ours(const std::string& domain) const { return !domain.empty() && ours_.matches(domain); }

  // Of what leaves, connectord itself says whether it has signed it; of what arrives, whether anybody has.
  void look_at_signature(const Row& row) {
    const Message& message = *row.message;
    const Finding* signing = finding_about_signing(message);
    const bool is_signed_here = signing != nullptr && signing->outcome == model::Outcome::pass;
    if (!is_from_outside(message)) {
      if (signing == nullptr) return;
      const auto author = mail::parse_author({message.from});
      if (!author || !author->is_certain() || !is_ours(author->domains.front())) return;
      all_leaving_[author->domains.front()].add(row);
      if (!is_signed_here) leaving_[author->domains.front()].add(row);
      return;
    }
    const auto& results = message.authentication;
    if (!results.dmarc || !results.dkim || !is_ours(results.dmarc->from_domain)) return;
    from_sources_[message.client_address].add(row);
    if (!is_signed_here && !has_signature_of_its_author(message)) sources_[message.client_address].add(row);
  }

  void unsigned_mail(const std::string& variant, const Groups& groups, const Groups& all) {
    const bool arrives = variant == "arrives";
    for (const auto* group : largest(groups, judgement_.limits.unsigned_messages)) {
      const auto& [about, messages] = *group;
      const std::string domain = arrives ? domain_in(messages) : about;
      judgement_.found.push_back(
          {.severity = Severity::warning,
           .name = "own_mail_unsigned",
           .about = variant + "." + about,
           .what = arrives ? counted(messages.size()) + " of the last day from [" + about + "] in the name of " +
                                 domain + " had no DKIM signature of that name"
                           : counted(messages.size()) + " of the last day left in the name of " + domain +
                                 " without a DKIM signature",
           .why = arrives ? "either it is a service of yours, which should sign as that domain, or somebody writes "
                            "your name; once your DMARC policy refuses, receivers refuse this mail"
                          : "its receivers cannot know that it is yours once it was forwarded",
           .variant = variant,
           .values = {{"count", messages.size()}, {"domain", domain}, {"client", arrives ? about : ""}},
           .write = arrives ? "connectorctl dns " + domain : "connectorctl dkim new " + domain,
           .evidence = {{"messages without a signature", messages.size(), all.at(about).size()}},
           .search = arrives ? Search{{"client", about}, {"author", domain}, {"since", "24h"}}
                             : Search{{"author", domain}, {"direction", "outbound"}, {"since", "24h"}},
           .examples = messages.examples()});
    }
  }

  // A source may write several of our names; the one of its newest message stands for them.
  std::string domain_in(const Group& messages) const {
    for (const Row& row : seen_.newest) {
      if (std::to_string(row.id) == messages.examples().front()) return row.message->authentication.dmarc->from_domain;
    }
    return {};
  }

  void exchangers() {
    const bool others_are_here = std::any_of(seen_.exchangers.begin(), seen_.exchangers.end(),
                                             [](const auto& known) { return known.second.is_here; });
    for (const auto& [domain, known] : seen_.exchangers) {
      if (!is_ours(domain)) continue;
      if (known.has_changed && seen_.now - known.since < judgement_.limits.mx_news) {
        changed(domain, known);
      } else if (!known.is_here && others_are_here && seen_.began && came(domain) == 0) {
        elsewhere(domain, known);
      }
    }
  }

  std::size_t came(const std::string& domain) const {
    const auto found = came_for_.find(domain);
    return found == came_for_.end() ? 0 : found->second.size();
  }

  static Search search_for(const std::string& domain) {
    return {{"recipient", domain}, {"direction", "inbound"}, {"since", "7d"}};
  }

  void changed(const std::string& domain, const probe::KnownExchangers& known) {
    const bool is_gone = known.hosts.empty();
    const std::string now_at = hosts_text(known.hosts);
    const std::string before = hosts_text(known.before);
    judgement_.found.push_back(
        {.severity = is_gone         ? Severity::critical
                     : known.is_here ? Severity::info
                                     : Severity::warning,
         .name = "mx_changed",
         .about = domain,
         .what = is_gone ? "no host takes mail for " + domain + " since " + base::utc_text(known.since) +
                               "; before it was " + before
                         : "mail for " + domain + " goes to " + now_at + " since " + base::utc_text(known.since) +
                               "; before it went to " + (before.empty() ? "nobody" : before),
         .why = "if nobody of yours has changed this, others can read your mail, or nobody gets it: ask who keeps the "
                "domain's DNS",
         .variant = is_gone          ? "gone"
                    : before.empty() ? "new"
                                     : "changed",
         .values = {{"domain", domain}, {"now", now_at}, {"before", before}, {"time", base::utc_text(known.since)}},
         .write = "connectorctl dns " + domain,
         .evidence = {{"messages from outside in the last day", came(domain)}},
         .search = search_for(domain)});
  }

  void elsewhere(const std::string& domain, const probe::KnownExchangers& known) {
    const bool is_gone = known.hosts.empty();
    const std::string now_at = hosts_text(known.hosts);
    judgement_.found.push_back(
        {.severity = Severity::warning,
         .name = "mx_elsewhere",
         .about = domain,
         .what = is_gone ? "no host takes mail for " + domain + ", which is an accepted domain"
                         : "mail for " + domain + " goes to " + now_at +
                               " and not here, and none has come in the last "
                               "day",
         .why = "others of your domains lead here; point this one's MX here too, or take it out of accepted_domains",
         .variant = is_gone ? "gone" : "elsewhere",
         .values = {{"domain", domain}, {"now", now_at}},
         .write = "connectorctl dns " + domain,
         .evidence = {{"messages from outside in the last day", 0}},
         .search = search_for(domain)});
  }

  const Judgement& judgement_;
  const Observations& seen_;
  engine::DomainIndex ours_;
  Groups came_for_;      // by domain: from outside
  Groups from_sources_;  // by client: in our name
  Groups sources_;       // of these, without a signature
  Groups all_leaving_;   // by author domain
  Groups leaving_;       // of these, without a signature
};

}  // namespace

void judge_domains(const Judgement& judgement) {
  DomainJudge(judgement).run();
}

}  // namespace connectord::insights
