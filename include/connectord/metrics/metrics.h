#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/base/mutex.h"

// What is counted and measured, and Prometheus's text form of it (exposition format 0.0.4). All of it is thread-safe,
// and cheap enough to be touched for every message.
namespace connectord::metrics {

class Counter {
 public:
  void add(std::uint64_t more = 1) { value_.fetch_add(more, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// What goes up and down.
class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_ = 0;
};

// How long things took.
class Histogram {
 public:
  // Upper bounds in seconds. What takes longer counts in the last bucket alone, +Inf.
  static constexpr std::array<double, 14> bounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                    0.025,  0.1,     0.25,   1.0,   2.5,    10.0,  30.0};

  void observe(std::chrono::nanoseconds duration);
  // Of each bucket by itself, the last being +Inf's.
  std::array<std::uint64_t, bounds.size() + 1> buckets() const;
  double sum_seconds() const;

 private:
  std::array<std::atomic<std::uint64_t>, bounds.size() + 1> buckets_{};
  std::atomic<std::uint64_t> nanoseconds_ = 0;
};

// One metric with labels. The values of the first label may be many, so there are at most `most` sets of values; in
// what is beyond, "other" stands in its place. The values of the other labels must be few.
template <class Metric>
class Family {
 public:
  Family(std::string name, std::string help, std::vector<std::string> labels, std::size_t most = 1000)
      : name_(std::move(name)), help_(std::move(help)), labels_(std::move(labels)), most_(most) {}

  // Lives as long as the family.
  Metric& with(std::initializer_list<std::string_view> values) {
    std::vector<std::string> key(values.begin(), values.end());
    const base::MutexLock lock(mutex_);
    auto found = metrics_.find(key);
    if (found != metrics_.end()) return *found->second;
    if (metrics_.size() >= most_ && !key.empty()) key.front() = "other";
    auto& metric = metrics_[std::move(key)];
    if (!metric) metric = std::make_unique<Metric>();
    return *metric;
  }

  const std::string& name() const { return name_; }
  const std::string& help() const { return help_; }
  const std::vector<std::string>& labels() const { return labels_; }

  template <class Visit>
  void each(const Visit& visit) const {
    const base::MutexLock lock(mutex_);
    for (const auto& [values, metric] : metrics_) visit(values, *metric);
  }

 private:
  std::string name_;
  std::string help_;
  std::vector<std::string> labels_;
  std::size_t most_;
  mutable base::Mutex mutex_;
  std::map<std::vector<std::string>, std::unique_ptr<Metric>> metrics_ GUARDED_BY(mutex_);
};

// Measures until it goes.
class Stopwatch {
 public:
  explicit Stopwatch(Histogram& histogram) : histogram_(histogram) {}
  ~Stopwatch() { histogram_.observe(std::chrono::steady_clock::now() - begin_); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  Histogram& histogram_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

// Builds the text, one metric after the other. Not thread-safe.
class Exposition {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  void counter(std::string_view name, std::string_view help, std::uint64_t value);
  void gauge(std::string_view name, std::string_view help, double value, const Labels& labels = {});
  // Further values of the gauge that came last.
  void gauge_value(std::string_view name, double value, const Labels& labels);
  void family(const Family<Counter>& family);
  void family(const Family<Gauge>& family);
  void family(const Family<Histogram>& family);

  const std::string& text() const { return text_; }

 private:
  void head(std::string_view name, std::string_view help, std::string_view type);
  void sample(std::string_view name, const Labels& labels, const std::string& value);

  std::string text_;
};

}  // namespace connectord::metrics
