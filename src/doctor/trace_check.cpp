#include <algorithm>
#include <map>
#include <set>

#include "connectord/base/text.h"
#include "connectord/base/time.h"
#include "connectord/doctor/doctor.h"
#include "connectord/net/domain_name.h"
#include "connectord/trace/sqlite_store.h"
#include "connectord/trace/trace_json.h"

namespace connectord::doctor {
namespace {

using base::day_ms;
using base::hour_ms;
constexpr std::int64_t month_ms = 30 * day_ms;
constexpr std::size_t max_rows = 2'000;
constexpr std::size_t max_partners = 200;  // that are searched for

std::string domain_of(const std::string& address) {
  const auto at = address.rfind('@');
  return at == std::string::npos ? "" : net::normalize_domain(address.substr(at + 1)).value_or("");
}

std::string counted(std::size_t number) {
  return std::to_string(number) + (number == 1 ? " message" : " messages");
}

class TraceCheck {
 public:
  TraceCheck(const Patient& patient, trace::Archive& archive, Findings& findings)
      : configuration_(patient.configuration),
        archive_(archive),
        findings_(findings),
        now_(patient.now * base::second_ms) {}

  void run() {
    unused();
    missed();
    missing_facts();
    if (!configuration_.trace || configuration_.trace->mail_log.empty()) {
      findings_.note("deliveries", "trace.mail_log is not set, so nobody knows what became of mail");
    } else {
      untold_deliveries();
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
  std::vector<trace::Row> newest(std::int64_t reach) {
    trace::Query query;
    query.since = now_ - reach;
    return rows(query);
  }

  std::set<std::string> used(trace::Grouping by, std::int64_t reach = month_ms) {
    std::set<std::string> names;
    const auto report = archive_.report({by, trace::Interval::whole, now_ - reach, now_ + hour_ms});
    if (!report) return names;
    for (const trace::Volume& volume : report->volumes) names.insert(volume.group);
    return names;
  }

  template <class Connectors>
  void unused_of(const Connectors& connectors, const std::set<std::string>& used) {
    for (const auto& connector : connectors) {
      if (!connector.enabled || used.count(connector.name) > 0) continue;
      findings_.warn("connectors", "no mail has used " + connector.name + " for 30 days",
                     "see whether its mail takes another way: connectorctl validate " + connector.name);
    }
  }

  // A trace that is younger cannot tell.
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
      query.since = now_ - 7 * day_ms;
      for (const trace::Row& row : rows(query)) {
        const std::string domain = domain_of(row.message->mail_from);
        if (row.message->connector == connector.name && !domain.empty()) partners.emplace(domain, connector.name);
      }
    }
    if (partners.empty()) return;
    trace::Query query;
    query.connector = "none";
    query.direction = trace::Direction::inbound;
    query.since = now_ - 7 * day_ms;
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

  // Checks that could not be made, since the mail server does not tell what they need.
  void missing_facts() {
    std::map<std::string, std::pair<std::size_t, std::string>> unknown;  // by check
    std::size_t without_client = 0;
    std::size_t messages = 0;
    std::set<std::int64_t> seen;
    for (const trace::Row& row : newest(7 * day_ms)) {
      if (!seen.insert(row.message->id).second) continue;
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
                     check + " was not known for " + std::to_string(what.first) +
                         " messages of the last 7 days, "
                         "which were deferred or waited",
                     what.second.empty() ? "connectorctl trace --action defer" : what.second);
    }
    findings_.note("trace", std::to_string(messages) + " messages looked at");
  }

  void untold_deliveries() {
    trace::Query query;
    query.status = trace::Status::getting_status;
    query.action = model::Action::accept;
    query.since = now_ - day_ms;
    query.until = now_ - hour_ms;
    const std::size_t untold = rows(query).size();
    if (untold == 0) return findings_.note("deliveries", "known for all mail of the last day");
    trace::Query told;
    told.status = trace::Status::delivered;
    told.since = now_ - day_ms;
    const std::string text = "nobody knows what became of " + counted(untold) + " of the last day";
    const std::string write = "see whether connectord may read " + configuration_.trace->mail_log +
                              ", and whether it is this mail server's log";
    rows(told).empty() ? findings_.critical("deliveries", text, write) : findings_.warn("deliveries", text, write);
  }

  const model::Configuration& configuration_;
  trace::Archive& archive_;
  Findings& findings_;
  std::int64_t now_;  // milliseconds
  bool broken_ = false;
};

}  // namespace

void examine_archive(const Patient& patient, trace::Archive& archive, Findings& findings) {
  TraceCheck(patient, archive, findings).run();
}

void examine_trace(const Patient& patient, Findings& findings) {
  const auto& settings = patient.configuration.trace;
  if (!settings) return findings.note("trace", "there is no [trace], so nothing is known of past mail");
  const auto archive = trace::open_sqlite_archive(settings->file());
  if (!archive) return findings.critical("trace", archive.error(), "see the log: journalctl -u connectord");
  examine_archive(patient, **archive, findings);
}

}  // namespace connectord::doctor
