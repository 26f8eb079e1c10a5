#include <algorithm>
#include <map>
#include <set>

#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/doctor/doctor.h"
#include "connectord/model/rule_route.h"
#include "connectord/net/address_domain.h"
#include "connectord/trace/sqlite_store.h"
#include "connectord/trace/trace_json.h"
#include "words.h"

namespace connectord::doctor {
namespace {

using base::day_ms;
using base::hour_ms;
constexpr std::int64_t month_ms = 30 * day_ms;
constexpr std::size_t max_rows = 2'000;
constexpr std::size_t max_partners = 200;  // that are searched for

std::string domain_of(const std::string& address) {
  return net::domain_of_address(address).value_or("");
}

class TraceCheck {
 public:
  TraceCheck(const Context& context, trace::Archive& archive, Findings& findings)
      : configuration_(context.configuration),
        archive_(archive),
        findings_(findings),
        now_(context.now * base::second_ms),
        week_(context.since ? *context.since * base::second_ms : now_ - 7 * day_ms) {}

  void run() {
    unused();
    routed_by_rules();
    missed();
    missing_facts();
    stage_times();
    if (!configuration_.trace || configuration_.trace->mail_log.empty()) {
      findings_.note("deliveries", "trace.mail_log is not set, so nobody knows what became of mail");
    } else {
      unknown_deliveries();
    }
  }

 private:
  std::vector<trace::Row> rows(trace::Query query) {
    query.limit = max_rows;
    auto page = archive_.search(query);
    if (page) return std::move(page->rows);
    if (!broken_)
      findings_.critical("trace", "it cannot be read: " + page.error(), "see the log: journalctl -u connectord");
    broken_ = true;
    return {};
  }

  // The newest messages since then, in both directions.
  std::vector<trace::Row> newest() {
    trace::Query query;
    query.since = week_;
    return rows(query);
  }

  std::set<std::string> used(trace::Grouping by, std::int64_t reach = month_ms) {
    std::set<std::string> names;
    const auto report = archive_.report({by, trace::Interval::whole, now_ - reach, now_ + hour_ms});
    if (!report) return names;
    for (const trace::Volume& volume : report->volumes) names.insert(volume.group);
    return names;
  }

  // Rules that sent mail another way than its recipients' domains say: a cause of connectors without mail.
  void routed_by_rules() {
    std::map<std::string, std::uint64_t> matched;
    const auto report =
        archive_.report({trace::Grouping::rule, trace::Interval::whole, now_ - month_ms, now_ + hour_ms});
    if (!report) return;
    for (const trace::Volume& volume : report->volumes) matched[volume.group] = volume.messages;
    for (const model::Rule& rule : configuration_.rules) {
      const std::string connector = model::route_of_rule(rule);
      const auto found = matched.find(rule.name);
      const bool routes = rule.enabled && rule.mode == model::Mode::enforce && !connector.empty();
      if (!routes || found == matched.end()) continue;
      findings_.seen("rules", "rule \"" + rule.name + "\" sent " + counted(found->second) + " by " + connector +
                                  " in 30 days, whatever their recipients' connectors are: connectorctl "
                                  "trace --rule \"" +
                                  rule.name + "\"");
    }
  }

  template <class Connectors>
  void unused_of(const Connectors& connectors, const std::set<std::string>& used) {
    for (const auto& connector : connectors) {
      if (!connector.enabled || used.count(connector.name) > 0) continue;
      findings_.warn("connectors", "no mail has used " + connector.name + " for 30 days",
                     "see whether its mail takes another way: connectorctl validate " + connector.name);
    }
  }

  // A trace that is younger cannot show it.
  void unused() {
    trace::Query old;
    old.until = now_ - month_ms;
    if (rows(old).empty()) return findings_.note("connectors", "the message trace does not reach back 30 days");
    unused_of(configuration_.inbound, used(trace::Grouping::connector));
    unused_of(configuration_.outbound, used(trace::Grouping::outbound_connector));
  }

  // Mail of sender domains that else come over a partner's connector.
  void missed() {
    std::map<std::string, std::string> partners;  // by sender domain
    const auto busy = used(trace::Grouping::connector, 7 * day_ms);
    std::size_t searches = 0;
    for (const auto& connector : configuration_.inbound) {
      const bool counts =
          connector.enabled && connector.scenario == model::Scenario::partner && busy.count(connector.name) > 0;
      if (!counts || ++searches > max_partners) continue;
      trace::Query query;
      query.connector = connector.name;
      query.since = week_;
      for (const trace::Row& row : rows(query)) {
        const std::string domain = domain_of(row.message->mail_from);
        const bool is_mail = row.message->direction != trace::Direction::validation;
        if (is_mail && row.message->connector == connector.name && !domain.empty())
          partners.emplace(domain, connector.name);
      }
    }
    if (partners.empty()) return;
    trace::Query query;
    query.connector = "none";
    query.direction = trace::Direction::inbound;
    query.since = week_;
    std::map<std::string, std::pair<std::size_t, const trace::Message*>> found;
    const auto strangers = rows(query);
    for (const trace::Row& row : strangers) {
      const auto partner = partners.find(domain_of(row.message->mail_from));
      if (partner == partners.end() || !row.message->connector.empty()) continue;
      auto& [number, example] = found[partner->first];
      ++number;
      if (example == nullptr) example = row.message.get();
    }
    for (const auto& [domain, seen] : found) {
      findings_.warn("connectors",
                     counted(seen.first) + " of " + base::printable(domain) + ", whose mail else comes over " +
                         partners.at(domain) + ", matched no connector, such as from [" + seen.second->client_address +
                         "] at " + trace::iso_time(seen.second->time),
                     "if that is the partner, add it to identify of " + partners.at(domain) +
                         "; if not, require it by sender_domains");
    }
  }

  // Checks that could not be made, since the mail server does not pass what they need.
  void missing_facts() {
    std::map<std::string, std::pair<std::size_t, std::string>> unknown;  // by check
    std::size_t without_client = 0;
    std::size_t messages = 0;
    std::set<std::int64_t> seen;
    for (const trace::Row& row : newest()) {
      if (row.message->direction == trace::Direction::validation || !seen.insert(row.message->id).second) continue;
      ++messages;
      if (row.message->client_address.empty() && row.message->direction == trace::Direction::inbound) ++without_client;
      for (const model::Finding& finding : row.message->findings) {
        if (finding.outcome != model::Outcome::temperror) continue;
        auto& [number, hint] = unknown[finding.check];
        ++number;
        hint = finding.hint;
      }
    }
    if (without_client > 0) {
      findings_.warn("macros", "the mail server told no client address of " + counted(without_client),
                     "see the macros that it hands over: {client_addr}");
    }
    for (const auto& [check, what] : unknown) {
      findings_.warn("macros",
                     check + " was not known for " + counted(what.first) + " since " + trace::iso_time(week_) +
                         (what.first == 1 ? ", which was" : ", which were") + " deferred or waited",
                     what.second.empty() ? "connectorctl trace --action defer" : what.second);
    }
    findings_.seen("trace", counted(messages) + " looked at");
  }

  // How long messages wait for connectord at their end.
  void stage_times() {
    constexpr std::int64_t slow = 2'000;
    std::vector<trace::StageTimes> times;
    for (const trace::Row& row : newest()) {
      if (row.message->stages) times.push_back(*row.message->stages);
    }
    if (times.empty()) return;
    // Of a hundred messages, ninety-five took no longer.
    const auto place = times.begin() + static_cast<std::ptrdiff_t>(times.size() * 95 / 100);
    std::nth_element(times.begin(), place, times.end(), [](const trace::StageTimes& a, const trace::StageTimes& b) {
      return a.end_of_message < b.end_of_message;
    });
    const std::string text = "95 of 100 messages wait no longer than " + std::to_string(place->end_of_message) +
                             " ms for connectord, " + std::to_string(place->authentication) + " ms of it for DNS";
    if (place->end_of_message < slow) return findings_.seen("time", text);
    findings_.warn("time", text,
                   place->authentication * 2 > place->end_of_message
                       ? "run a resolver on this machine (unbound), and name it in [dns] servers"
                       : "see what else the machine does: top, iostat");
  }

  void unknown_deliveries() {
    trace::Query query;
    query.status = trace::Status::getting_status;
    query.action = model::Action::accept;
    query.since = now_ - day_ms;
    query.until = now_ - hour_ms;
    const std::size_t unknown = rows(query).size();
    if (unknown == 0) return findings_.seen("deliveries", "known for all mail of the last day");
    trace::Query delivered;
    delivered.status = trace::Status::delivered;
    delivered.since = now_ - day_ms;
    const std::string text = "nobody knows what became of " + counted(unknown) + " of the last day";
    const std::string write = "see whether connectord may read " + configuration_.trace->mail_log +
                              ", and whether it is this mail server's log";
    rows(delivered).empty() ? findings_.critical("deliveries", text, write) : findings_.warn("deliveries", text, write);
  }

  const model::Configuration& configuration_;
  trace::Archive& archive_;
  Findings& findings_;
  std::int64_t now_;   // milliseconds
  std::int64_t week_;  // since when mail is looked at: a week ago, or as it was asked for
  bool broken_ = false;
};

}  // namespace

void examine_archive(const Context& context, trace::Archive& archive, Findings& findings) {
  TraceCheck(context, archive, findings).run();
}

void examine_trace(const Context& context, bool whole, Findings& findings) {
  const auto& settings = context.configuration.trace;
  if (!settings) return findings.note("trace", "there is no [trace], so nothing is known of past mail");
  const auto archive = trace::open_sqlite_archive(settings->file());
  if (!archive) return findings.critical("trace", archive.error(), "see the log: journalctl -u connectord");
  examine_mail(context, **archive, findings);
  if (whole) examine_archive(context, **archive, findings);
}

}  // namespace connectord::doctor
