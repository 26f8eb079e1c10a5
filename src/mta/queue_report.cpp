#include "connectord/mta/queue_report.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "connectord/base/json_values.h"
#include "connectord/base/time.h"
#include "connectord/engine/routing.h"
#include "connectord/net/domain_name.h"

namespace connectord::mta {
namespace {

using Json = nlohmann::ordered_json;

std::string domain_of(const std::string& address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string::npos) return "";
  return net::normalize_domain(address.substr(at + 1)).value_or(address.substr(at + 1));
}

class Reporter {
 public:
  Reporter(const Queue& queue, const engine::Policy& policy, const ConnectorOf& connector_of)
      : queue_(queue), policy_(policy), connector_of_(connector_of) {}

  QueueReport run() && {
    for (const QueuedMessage& message : queue_.messages) take(message);
    QueueReport report;
    report.messages = queue_.messages.size();
    report.left_out = queue_.left_out;
    report.times = queue_.times;
    for (auto& [key, kept] : lines_) report.lines.push_back(std::move(kept.line));
    std::stable_sort(report.lines.begin(), report.lines.end(), [](const QueueLine& a, const QueueLine& b) {
      return std::tuple(a.connector.empty(), b.recipients) < std::tuple(b.connector.empty(), a.recipients);
    });
    return report;
  }

 private:
  using Key = std::pair<std::string, std::string>;  // connector and next hop
  struct Kept {
    QueueLine line;
    std::int64_t error_of = 0;  // when the message with the last error came in
  };

  void take(const QueuedMessage& message) {
    const std::string named = connector_of_ ? connector_of_(message) : std::string();
    std::map<Kept*, bool> counted;
    for (const QueuedRecipient& recipient : message.recipients) {
      Kept& kept = line_of(named, message.sender, recipient.address);
      if (counted.emplace(&kept, true).second) add_message(message, kept.line);
      ++kept.line.recipients;
      if (recipient.reason.empty()) continue;
      ++kept.line.tried;
      if (message.arrived < kept.error_of) continue;
      kept.error_of = message.arrived;
      kept.line.last_error = recipient.reason;
    }
  }

  Kept& line_of(const std::string& named, const std::string& sender, const std::string& address) {
    const model::OutboundConnector* connector =
        named.empty() ? engine::route_from(policy_, sender, {address}) : engine::find_outbound(policy_, named);
    Key key{connector == nullptr ? named : connector->name, next_hop_of(connector, address)};
    if (lines_.count(key) == 0 && lines_.size() >= max_queue_lines) key = {"", "others"};
    Kept& kept = lines_[key];
    std::tie(kept.line.connector, kept.line.next_hop) = key;
    return kept;
  }

  static std::string next_hop_of(const model::OutboundConnector* connector, const std::string& address) {
    std::string hosts;
    if (connector != nullptr) {
      for (const model::SmartHost& host : connector->route.smart_hosts) {
        hosts += (hosts.empty() ? "" : ", ") + configured_text(host);
      }
    }
    return hosts.empty() ? domain_of(address) : hosts;
  }

  void add_message(const QueuedMessage& message, QueueLine& line) const {
    ++line.messages;
    line.bytes += message.size;
    if (line.oldest == 0 || message.arrived < line.oldest) {
      line.oldest = message.arrived;
      line.example = message.queue_id;
    }
    // What is held is neither tried nor given back.
    if (message.held) {
      ++line.held;
      return;
    }
    if (message.next_try) line.next_try = std::min(*message.next_try, line.next_try.value_or(*message.next_try));
    const auto lifetime = message.sender.empty() ? queue_.times.bounce_lifetime : queue_.times.lifetime;
    if (!lifetime || message.arrived == 0) return;
    const std::int64_t end = message.arrived + *lifetime;
    line.first_bounce = std::min(end, line.first_bounce.value_or(end));
  }

  const Queue& queue_;
  const engine::Policy& policy_;
  const ConnectorOf& connector_of_;
  std::map<Key, Kept> lines_;
};

Json seconds_or_null(std::optional<long> seconds) {
  return seconds ? Json(*seconds) : Json(nullptr);
}

}  // namespace

QueueReport report_queue(const Queue& queue, const engine::Policy& policy, const ConnectorOf& connector_of) {
  return Reporter(queue, policy, connector_of).run();
}

Json to_json(const QueueReport& report) {
  Json lines = Json::array();
  for (const QueueLine& line : report.lines) {
    lines.push_back({{"connector", base::text_or_null(line.connector)},
                     {"next_hop", line.next_hop},
                     {"messages", line.messages},
                     {"recipients", line.recipients},
                     {"held", line.held},
                     {"tried", line.tried},
                     {"bytes", line.bytes},
                     {"oldest", base::time_or_null(line.oldest)},
                     {"last_error", base::text_or_null(line.last_error)},
                     {"next_try", base::time_or_null(line.next_try.value_or(0))},
                     {"first_bounce", base::time_or_null(line.first_bounce.value_or(0))},
                     {"example", line.example}});
  }
  return {{"messages", report.messages},
          {"left_out", report.left_out},
          {"maximal_queue_lifetime", seconds_or_null(report.times.lifetime)},
          {"bounce_queue_lifetime", seconds_or_null(report.times.bounce_lifetime)},
          {"minimal_backoff_time", seconds_or_null(report.times.minimal_backoff)},
          {"maximal_backoff_time", seconds_or_null(report.times.maximal_backoff)},
          {"next_hops", lines}};
}

}  // namespace connectord::mta
