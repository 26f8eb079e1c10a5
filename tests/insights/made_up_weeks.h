#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "connectord/base/time.h"
#include "connectord/insights/judge.h"

namespace connectord::insights::testing {

// 2026-11-23 00:00 UTC, a Monday.
constexpr std::int64_t monday = 1'795'392'000;
constexpr std::int64_t hour_seconds = 3600;

// Mail as it might have come: four weeks before a moment, hour by hour.
class MadeUpWeeks {
 public:
  explicit MadeUpWeeks(std::int64_t now) : now_(now) {
    model::InboundConnector partner;
    partner.name = "contoso";
    partner.scenario = model::Scenario::partner;
    configuration_.inbound = {partner};
    seen_.now = now;
    seen_.began = (now - 40 * base::day_seconds) * base::second_ms;
  }

  // A flow of `messages` in each hour from so many hours before now to so many hours before it, where `is_on` holds of
  // the hour of the day and the day of the week (0: Monday).
  MadeUpWeeks& mail(
      trace::Flow flow, std::int64_t from, std::int64_t to,
      const std::function<bool(int hour, int day)>& is_on = [](int, int) { return true; }) {
    if (flow.connector.empty()) flow.connector = "contoso";
    for (std::int64_t back = from; back > to; --back) {
      const std::int64_t at = now_ - back * hour_seconds;
      const auto hours = (at - monday + 52 * 7 * base::day_seconds) / hour_seconds;
      if (!is_on(static_cast<int>(hours % 24), static_cast<int>(hours / 24 % 7))) continue;
      flow.time = at / hour_seconds * hour_seconds * base::second_ms;
      seen_.flows.push_back(flow);
    }
    return *this;
  }

  // One of the newest messages.
  MadeUpWeeks& message(trace::Message message, const std::string& recipient = "bob@example.net") {
    message.id = static_cast<std::int64_t>(seen_.newest.size()) + 1;
    if (message.time == 0) message.time = (now_ - 60) * base::second_ms;
    seen_.newest.push_back(
        {message.id, recipient, trace::Status::delivered, 0, std::make_shared<const trace::Message>(message), {}});
    return *this;
  }

  std::vector<Insight> judged() const { return judge(seen_); }
  std::vector<std::string> ids() const {
    std::vector<std::string> list;
    for (const Insight& insight : judged()) list.push_back(insight.id());
    return list;
  }

  Observations& seen() { return seen_; }
  model::Configuration& configuration() { return configuration_; }

 private:
  std::int64_t now_;
  model::Configuration configuration_;
  Observations seen_{.configuration = configuration_};
};

inline bool office_hours(int hour, int day) {
  return day < 5 && hour >= 8 && hour < 18;
}

}  // namespace connectord::insights::testing
