// What volumes tell: sums of four weeks, hour by hour.
#include <algorithm>
#include <set>

#include "judgement.h"

namespace connectord::insights {
namespace {

using base::day_ms;
using base::hour_ms;
using model::Action;
using trace::Flow;

// The mail of one connector.
struct Habit {
  std::set<std::int64_t> hours;  // in which it had mail
  std::uint64_t all = 0;         // messages
  std::uint64_t day = 0;         // of the last day
  std::uint64_t week = 0;        // of the seven days before
  std::uint64_t day_refused = 0;
  std::uint64_t week_refused = 0;
  std::uint64_t day_deferred = 0;
  std::uint64_t week_deferred = 0;
  std::uint64_t taken = 0;    // of the last seven days, this one too
  std::uint64_t without = 0;  // of these without TLS
  std::uint64_t old = 0;      // and with one before 1.2
};

void count(const Flow& flow, std::int64_t now, Habit& habit) {
  habit.hours.insert(flow.time / hour_ms);
  habit.all += flow.messages;
  const bool is_taken = flow.action == Action::accept || flow.action == Action::quarantine;
  if (is_taken && flow.time >= now - 7 * day_ms) {
    const auto version = model::parse_tls_version(flow.tls);
    habit.taken += flow.messages;
    if (flow.tls.empty()) habit.without += flow.messages;
    if (version && *version != model::TlsVersion::none && *version < model::TlsVersion::tls1_2)
      habit.old += flow.messages;
  }
  if (flow.time < now - 8 * day_ms) return;
  const bool is_today = flow.time >= now - day_ms;
  (is_today ? habit.day : habit.week) += flow.messages;
  if (flow.action == Action::reject) (is_today ? habit.day_refused : habit.week_refused) += flow.messages;
  if (flow.action == Action::defer) (is_today ? habit.day_deferred : habit.week_deferred) += flow.messages;
}

// As many days as that, in words that `since` takes.
std::string days(std::int64_t milliseconds) {
  return std::to_string((milliseconds + day_ms - 1) / day_ms) + "d";
}

class FlowJudge {
 public:
  explicit FlowJudge(const Judgement& judgement)
      : judgement_(judgement), limits_(judgement.limits), now_(judgement.seen.now * base::second_ms) {
    for (const Flow& flow : judgement.seen.flows) {
      if (!flow.connector.empty()) count(flow, now_, inbound_[flow.connector]);
      if (!flow.outbound_connector.empty()) outbound_.insert(flow.outbound_connector);
    }
  }

  void run() {
    for (const model::InboundConnector& connector : judgement_.seen.configuration.inbound) {
      if (!connector.enabled) continue;
      const auto habit = inbound_.find(connector.name);
      if (habit == inbound_.end()) {
        unused(connector.name, false);
        continue;
      }
      if (connector.scenario == model::Scenario::partner) {
        silent(connector.name, habit->second);
        weak_tls(connector, habit->second);
      }
      const Habit& h = habit->second;
      risen({"refusals_risen", "refused", "reject"}, connector.name, {h.day_refused, h.day, h.week_refused, h.week});
      risen({"deferrals_risen", "deferred", "defer"}, connector.name, {h.day_deferred, h.day, h.week_deferred, h.week});
    }
    overlaps();
    // A message for several hides by which of them it left.
    if (outbound_.count("several") > 0) return;
    for (const model::OutboundConnector& connector : judgement_.seen.configuration.outbound) {
      if (connector.enabled && outbound_.count(connector.name) == 0) unused(connector.name, true);
    }
  }

 private:
  // Mail of people pauses at night and over a weekend: a silence that was there before is none.
  void silent(const std::string& name, const Habit& habit) {
    if (habit.hours.size() < limits_.known_hours) return;
    std::int64_t longest = 0;
    for (auto hour = std::next(habit.hours.begin()); hour != habit.hours.end(); ++hour)
      longest = std::max(longest, *hour - *std::prev(hour));
    const std::int64_t first = *habit.hours.begin();
    const std::int64_t last = *habit.hours.rbegin();
    const std::int64_t silence = now_ / hour_ms - last;
    const auto intervals = static_cast<std::int64_t>(habit.hours.size() - 1);
    const bool is_long = silence >= static_cast<std::int64_t>(limits_.silent_hours) &&
                         silence * intervals > static_cast<std::int64_t>(limits_.silent_intervals) * (last - first) &&
                         silence * 2 > longest * 3;
    if (!is_long) return;
    judgement_.found.push_back(
        {.severity = Severity::warning,
         .name = "partner_silent",
         .about = name,
         .connector = name,
         .what = "no mail of " + name + " since " + base::utc_text((last + 1) * (hour_ms / base::second_ms)),
         .why = "its longest pause in four weeks was " + std::to_string(longest) +
                " hours; its mail may take another way, or be refused before it comes here",
         .values = {{"connector", name},
                    {"time", base::utc_text((last + 1) * (hour_ms / base::second_ms))},
                    {"n", static_cast<std::uint64_t>(longest)}},
         .write = "connectorctl validate " + name + " --direction inbound",
         .evidence = {{"hours without mail", static_cast<std::uint64_t>(silence)},
                      {"hours with mail in four weeks", habit.hours.size()}},
         .search = {{"connector", name}, {"since", days((silence + longest + 1) * hour_ms)}}});
  }

  struct Kind {
    const char* name;
    const char* verb;
    const char* action;
  };
  struct Counts {
    std::uint64_t day_bad;
    std::uint64_t day;
    std::uint64_t week_bad;
    std::uint64_t week;
  };
  void risen(const Kind& kind, const std::string& connector, const Counts& counts) {
    const bool is_much = counts.day_bad >= limits_.refused && counts.day_bad * limits_.refused_one_in >= counts.day;
    const bool is_more = counts.day_bad * counts.week > limits_.risen * counts.week_bad * counts.day;
    if (!is_much || !is_more || counts.week < limits_.refused) return;
    const bool is_all = counts.day_bad * 2 > counts.day;
    judgement_.found.push_back(
        {.severity = is_all ? Severity::critical : Severity::warning,
         .name = kind.name,
         .about = connector,
         .connector = connector,
         .what = connector + ": " + std::to_string(counts.day_bad) + " of " + counted(counts.day) +
                 " of the last day " + kind.verb + ", " + std::to_string(counts.week_bad) + " of " +
                 std::to_string(counts.week) + " in the week before",
         .why = "something has changed: the partner's server, its DNS, or the connector",
         .values = {{"connector", connector},
                    {"bad", counts.day_bad},
                    {"of", counts.day},
                    {"bad_before", counts.week_bad},
                    {"of_before", counts.week}},
         .write = "connectorctl trace --connector " + connector + " --action " + kind.action + " --since 24h",
         .evidence = {{std::string(kind.verb) + " in the last day", counts.day_bad, counts.day},
                      {std::string(kind.verb) + " in the week before", counts.week_bad, counts.week}},
         .search = {{"connector", connector}, {"action", kind.action}, {"since", "24h"}}});
  }

  void weak_tls(const model::InboundConnector& connector, const Habit& habit) {
    const std::uint64_t weak = habit.without + habit.old;
    if (weak < limits_.weak_tls) return;
    const bool is_all = weak == habit.taken;
    const std::string& name = connector.name;
    const std::string command = "connectorctl update " + name + " --set require.tls=true";
    judgement_.found.push_back(
        {.severity = Severity::warning,
         .name = "tls_weak",
         .about = name,
         .connector = name,
         .what = name + ": " + std::to_string(weak) + " of " + counted(habit.taken) +
                 " of 7 days came without TLS or with one before 1.2",
         .why = is_all ? "the partner's server offers nothing better: it is there that this is mended"
                       : "some of the partner's servers are set otherwise than the others, or somebody else writes its "
                         "domain",
         .variant = is_all ? "all" : "some",
         .values = {{"connector", name}, {"weak", weak}, {"of", habit.taken}},
         .write = is_all ? "connectorctl show " + name : command + " --set require.tls_version=TLSv1.2",
         .evidence = {{"messages without TLS", habit.without, habit.taken},
                      {"messages with TLS before 1.2", habit.old, habit.taken}},
         .search = {{"connector", name}, {"since", "7d"}}});
  }

  std::uint64_t messages_of(const std::string& connector) const {
    const auto habit = inbound_.find(connector);
    return habit == inbound_.end() ? 0 : habit->second.all;
  }

  void overlaps() {
    for (const engine::Overlap& overlap : judgement_.seen.overlaps) {
      const bool is_taken = overlap.kind == engine::Overlap::Kind::taken;
      judgement_.found.push_back(
          {.severity = is_taken ? Severity::warning : Severity::info,
           .name = "connectors_overlap",
           .about = overlap.connector + "." + overlap.other,
           .connector = overlap.connector,
           .what = is_taken ? overlap.connector + " never gets mail by its " + overlap.claim + ": " + overlap.other +
                                  " has it too, and comes first"
                            : "mail of " + overlap.connector + " must fulfil what " + overlap.other +
                                  " requires too, whose sender domains contain its own",
           .why = is_taken ? "two connectors were made for one partner, or one of them is left over"
                           : "it is refused for what the other one asks for, whatever its own connector says",
           .variant = is_taken ? "taken" : "under",
           .values = {{"connector", overlap.connector}, {"other", overlap.other}, {"claim", overlap.claim}},
           .write = "connectorctl show " + (is_taken ? overlap.connector : overlap.other),
           .evidence = {{"messages in four weeks", messages_of(overlap.connector)},
                        {"messages of the other one in four weeks", messages_of(overlap.other)}},
           .search = {{"connector", is_taken ? overlap.other : overlap.connector}, {"since", "7d"}}});
    }
  }

  // A trace that is younger cannot tell.
  void unused(const std::string& name, bool outbound) {
    if (!judgement_.seen.began || *judgement_.seen.began > now_ - 27 * day_ms) return;
    judgement_.found.push_back({.severity = Severity::info,
                                .name = "connector_unused",
                                .about = name,
                                .connector = name,
                                .outbound = outbound,
                                .what = "no mail has used " + name + " for four weeks",
                                .why = "its mail takes another way, or there is none",
                                .values = {{"connector", name}},
                                .write = "connectorctl validate " + name,
                                .evidence = {{"messages in four weeks", 0}}});
  }

  const Judgement& judgement_;
  const Thresholds& limits_;
  std::int64_t now_;  // milliseconds
  std::map<std::string, Habit> inbound_;
  std::set<std::string> outbound_;
};

}  // namespace

void judge_flows(const Judgement& judgement) {
  FlowJudge(judgement).run();
}

}  // namespace connectord::insights
