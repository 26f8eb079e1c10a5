#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "connectord/log/logger.h"
#include "connectord/trace/search.h"
#include "traced_message.h"

// What the benchmarks of a trace measure alike, so that their figures can stand beside each other.
namespace connectord::bench {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

inline constexpr std::int64_t day = 86'400'000;

class LogToErrors : public log::Logger {
 public:
  void write(const log::Record& record) override { std::fprintf(stderr, "%s\n", format_text(record).c_str()); }
};

// Milliseconds since 1970.
inline std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

inline double cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

inline double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// Median and longest of several of a kind.
template <class Ask>
Json timed(std::size_t times, Ask&& ask) {
  std::vector<double> taken;
  std::size_t rows = 0;
  for (std::size_t i = 0; i < times; ++i) {
    const auto begin = Clock::now();
    rows += ask(i);
    taken.push_back(milliseconds(Clock::now() - begin));
  }
  std::sort(taken.begin(), taken.end());
  return {{"median_ms", taken[taken.size() / 2]}, {"max_ms", taken.back()}, {"rows", rows}};
}

// Of each kind so many, in a trace of so many messages of the last `days`. `check` is asked after each.
template <class Check>
Json timed_searches(trace::Archive& archive, std::size_t times, std::size_t messages, std::int64_t days,
                    Check&& check) {
  std::mt19937_64 random(7);  // NOLINT: the same searches in every run
  const auto any = [&] { return static_cast<std::size_t>(random() % messages); };
  const auto rows_of = [&](const trace::Query& query) {
    const auto page = archive.search(query);
    if (!page) throw std::runtime_error(page.error());
    check();
    return page->rows.size();
  };
  const auto by = [&](std::string trace::Query::*field, const std::string& value) {
    trace::Query query;
    query.*field = value;
    return rows_of(query);
  };
  rows_of({});  // what a first search does once, such as to connect
  Json found;
  found["recipient"] =
      timed(times, [&](std::size_t) { return by(&trace::Query::recipient, TracedMessage::recipient(any())); });
  found["message_id"] =
      timed(times, [&](std::size_t) { return by(&trace::Query::message_id, TracedMessage(any()).message_id); });
  found["nobody"] = timed(times, [&](std::size_t i) {
    return by(&trace::Query::recipient, "nobody" + std::to_string(i) + "@example.org");
  });
  found["common_domain"] = timed(times, [&](std::size_t) { return by(&trace::Query::recipient, "example.net"); });
  found["newest"] = timed(times, [&](std::size_t) { return rows_of({}); });
  found["report"] = timed(times, [&](std::size_t i) {
    const std::int64_t begin = now() - (2 + static_cast<std::int64_t>(i) % (days - 5)) * day;
    const auto report = archive.report({trace::Grouping::connector, trace::Interval::whole, begin, begin + day});
    if (!report) throw std::runtime_error(report.error());
    return report->volumes.size();
  });
  return found;
}

}  // namespace connectord::bench
