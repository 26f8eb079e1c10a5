// What single messages tell: the newest of a day.
#include <algorithm>

#include "connectord/base/digest.h"
#include "connectord/base/shell_word.h"
#include "connectord/base/text.h"
#include "connectord/engine/index.h"
#include "judgement.h"
#include "message_groups.h"

namespace connectord::insights {
namespace {

using trace::Message;
using trace::Row;

// "5.7.10" of "550 5.7.10 TLS is required"; the first word where there is no such code.
std::string code_of(const std::string& reply) {
  const auto first = reply.find(' ');
  if (first == std::string::npos) return reply.substr(0, 3);
  const std::string second = reply.substr(first + 1, reply.find(' ', first + 1) - first - 1);
  const bool is_code = second.size() >= 5 && second[1] == '.' && base::is_digit(second[0]) && second.size() <= 9 &&
                       std::all_of(second.begin(), second.end(), [](char c) { return base::is_digit(c) || c == '.'; });
  return is_code ? second : reply.substr(0, first).substr(0, 3);
}

class MessageJudge {
 public:
  explicit MessageJudge(const Judgement& judgement) : judgement_(judgement), seen_(judgement.seen) {
    for (const net::DomainPattern& pattern : configuration().organization.accepted_domains) {
      if (pattern.kind() != net::DomainPattern::Kind::any) ours_.add(pattern, 0);
    }
  }

  void run() {
    own_domains();
    dmarc();
    loops();
    refusals();
    bounces();
    rules();
  }

 private:
  const model::Configuration& configuration() const { return seen_.configuration; }

  bool is_ours(const std::string& domain) const { return !domain.empty() && ours_.matches(domain); }

  void own_domains() {
    Groups groups;
    for (const Row& row : seen_.newest) {
      const Message& message = *row.message;
      if (!is_from_outside(message) || !message.connector.empty() || !is_accepted(message)) continue;
      const std::string domain = domain_of(message.mail_from);
      if (is_ours(domain)) groups[domain].add(row);
    }
    for (const auto* group : largest(groups, 1)) {
      const std::string& domain = group->first;
      judgement_.found.push_back(
          {.severity = Severity::warning,
           .name = "own_domain_from_outside",
           .about = domain,
           .what = counted(group->second.size()) + " of the last day came from outside in the name of " + domain +
                   ", and no connector knows the client",
           .why = "either it is a service of yours, which wants a connector, or somebody writes your name",
           .values = {{"n", group->second.size()}, {"domain", domain}},
           .write = "[organization]\nreject_direct_send = true",
           .evidence = {{"messages", group->second.size()}},
           .search = {{"sender", domain}, {"connector", "none"}, {"direction", "inbound"}, {"since", "24h"}},
           .examples = group->second.examples()});
    }
  }

  void dmarc() {
    if (configuration().authentication.dmarc != model::DmarcMode::report) return;
    Groups groups;
    for (const Row& row : seen_.newest) {
      const auto& dmarc = row.message->authentication.dmarc;
      const bool would_fail =
          dmarc && dmarc->result == model::DmarcResult::fail && dmarc->policy != model::DmarcPolicy::none;
      if (would_fail && is_accepted(*row.message)) groups[row.message->client_address].add(row);
    }
    for (const auto* group : largest(groups, judgement_.limits.weak_tls)) {
      judgement_.found.push_back({.severity = Severity::info,
                                  .name = "dmarc_would_refuse",
                                  .about = group->first,
                                  .what = counted(group->second.size()) + " of the last day from [" + group->first +
                                          "] would have been refused or held by DMARC",
                                  .why = "authentication.dmarc is \"report\"; a forwarder or list of yours would want "
                                         "arc, anybody else is rightly refused",
                                  .values = {{"count", group->second.size()}, {"client", group->first}},
                                  .write = "[authentication]\ndmarc = \"enforce\"",
                                  .evidence = {{"messages", group->second.size()}},
                                  .search = {{"client", group->first}, {"since", "24h"}},
                                  .examples = group->second.examples()});
    }
  }

  // A message that comes again and again for the same recipient.
  void loops() {
    std::map<std::pair<std::string, std::string>, Group> groups;
    for (const Row& row : seen_.newest) {
      const Message& message = *row.message;
      const bool is_young = message.time >= (seen_.now - 3600) * base::second_ms;
      if (is_young && is_accepted(message) && !message.message_id.empty() && !row.rcpt_to.empty())
        groups[{message.message_id, row.rcpt_to}].add(row);
    }
    for (const auto& [key, group] : groups) {
      if (group.size() < judgement_.limits.loop) continue;
      constexpr std::size_t enough = 12;
      judgement_.found.push_back(
          {.severity = Severity::critical,
           .name = "mail_loop",
           .about = base::sha256_hex(key.first + " " + key.second).substr(0, enough),
           .what = "one message was taken " + std::to_string(group.size()) + " times within an hour for " +
                   base::printable(key.second, 200) + ": " + base::printable(key.first, 200),
           .why = "it goes in a circle: a forwarding, or a smart host that sends it back here",
           .values = {{"count", group.size()},
                      {"recipient", base::printable(key.second, 200)},
                      {"message_id", base::printable(key.first, 200)}},
           .write = "connectorctl trace --message-id " + base::shell_quoted(base::printable(key.first, 200)),
           .evidence = {{"times taken within an hour", group.size()}},
           .search = {{"message_id", key.first}, {"since", "24h"}},
           .examples = group.examples()});
    }
  }

  void refusals() {
    Groups groups;
    std::uint64_t all = 0;
    for (const Row& row : seen_.newest) {
      if (row.message->action != model::Action::reject || row.message->reply.empty()) continue;
      groups[code_of(row.message->reply)].add(row);
      ++all;
    }
    for (const auto* group : largest(groups, judgement_.limits.codes)) {
      judgement_.found.push_back(
          {.severity = Severity::info,
           .name = "refusals_by_code",
           .about = group->first,
           .what = counted(group->second.size()) + " of the last day refused with " + group->first,
           .why = "docs/replies.md says what each code means",
           .values = {{"count", group->second.size()}, {"code", group->first}},
           .write = "connectorctl trace --action reject --since 24h",
           .evidence = {{"messages", group->second.size(), all}},
           .search = {{"action", "reject"}, {"since", "24h"}},
           .examples = group->second.examples()});
    }
  }

  void bounces() {
    std::map<std::string, std::vector<const Bounce*>> groups;
    for (const Bounce& bounce : seen_.bounces) groups[bounce.enhanced].push_back(&bounce);
    for (const auto& [code, list] : groups) {
      if (list.size() < judgement_.limits.codes / 2) continue;
      Insight insight{.severity = Severity::warning,
                      .name = "bounces_by_code",
                      .about = code,
                      .what = counted(list.size()) + " of the last day went back to senders with " + code,
                      .why = base::printable(list.front()->text, 400),
                      .values = {{"count", list.size()}, {"code", code}},
                      .write = "connectorctl trace --status bounced --since 24h",
                      .evidence = {{"messages", list.size(), seen_.bounces.size()}},
                      .search = {{"status", "bounced"}, {"since", "24h"}}};
      for (std::size_t i = 0; i < std::min(list.size(), max_examples); ++i)
        insight.examples.push_back(std::to_string(list[i]->row));
      judgement_.found.push_back(std::move(insight));
    }
  }

  void rules() {
    Groups slow;
    Groups not_asked;
    std::map<std::string, std::string> because;
    for (const Row& row : seen_.newest) {
      for (const model::RuleHit& hit : row.message->rules) {
        if (hit.microseconds >= judgement_.limits.slow_rule) slow[hit.rule].add(row);
        if (hit.matched || hit.skipped_because.empty()) continue;
        not_asked[hit.rule].add(row);
        because.emplace(hit.rule, hit.skipped_because);
      }
    }
    for (const auto* group : largest(slow, judgement_.limits.slow_messages)) {
      judgement_.found.push_back({.severity = Severity::warning,
                                  .name = "rule_slow",
                                  .about = group->first,
                                  .what = "the rule \"" + group->first + "\" took longer than a second for " +
                                          counted(group->second.size()) + " of the last day",
                                  .why = "large attachments, or many words and patterns; senders wait for it",
                                  .values = {{"count", group->second.size()}, {"rule", group->first}},
                                  .write = "connectorctl rule show " + base::shell_quoted(group->first),
                                  .evidence = {{"messages", group->second.size()}},
                                  .search = {{"rule", group->first}, {"since", "24h"}},
                                  .examples = group->second.examples()});
    }
    for (const auto* group : largest(not_asked, 1)) {
      judgement_.found.push_back({.severity = Severity::warning,
                                  .name = "rule_not_asked",
                                  .about = group->first,
                                  .what = "the rule \"" + group->first + "\" could not be asked about " +
                                          counted(group->second.size()) + " of the last day",
                                  .why = base::printable(because.at(group->first), 400),
                                  .values = {{"n", group->second.size()}, {"rule", group->first}},
                                  .write = "connectorctl rule show " + base::shell_quoted(group->first),
                                  .evidence = {{"messages", group->second.size()}},
                                  .search = {{"rule", group->first}, {"since", "24h"}},
                                  .examples = group->second.examples()});
    }
  }

  const Judgement& judgement_;
  const Observations& seen_;
  engine::DomainIndex ours_;  // a hoster has thousands, and there are thousands of messages
};

}  // namespace

void judge_messages(const Judgement& judgement) {
  MessageJudge(judgement).run();
}

}  // namespace connectord::insights
