#include "connectord/metrics/metrics.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace connectord::metrics {
namespace {

std::string number(double value) {
  std::array<char, 400> text{};  // as long as the largest double is
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return {text.data(), end};
}

void append_escaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
}

Exposition::Labels pairs(const std::vector<std::string>& names, const std::vector<std::string>& values) {
  Exposition::Labels labels;
  for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) labels.emplace_back(names[i], values[i]);
  return labels;
}

}  // namespace

void Histogram::observe(std::chrono::nanoseconds duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  const auto bucket =
      static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin());
  buckets_.at(bucket).fetch_add(1, std::memory_order_relaxed);
  nanoseconds_.fetch_add(static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)),
                         std::memory_order_relaxed);
}

std::array<std::uint64_t, Histogram::bounds.size() + 1> Histogram::buckets() const {
  std::array<std::uint64_t, bounds.size() + 1> counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) counts.at(i) = buckets_.at(i).load(std::memory_order_relaxed);
  return counts;
}

double Histogram::sum_seconds() const {
  constexpr double nanoseconds_in_a_second = 1e9;
  return static_cast<double>(nanoseconds_.load(std::memory_order_relaxed)) / nanoseconds_in_a_second;
}

void Exposition::head(std::string_view name, std::string_view help, std::string_view type) {
  text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void Exposition::sample(std::string_view name, const Labels& labels, const std::string& value) {
  text_ += name;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    text_.append(i == 0 ? "{" : ",").append(labels[i].first).append("=\"");
    append_escaped(text_, labels[i].second);
    text_ += '"';
  }
  text_.append(labels.empty() ? " " : "} ").append(value).append("\n");
}

void Exposition::counter(std::string_view name, std::string_view help, std::uint64_t value) {
  head(name, help, "counter");
  sample(name, {}, std::to_string(value));
}

void Exposition::gauge(std::string_view name, std::string_view help, double value, const Labels& labels) {
  head(name, help, "gauge");
  sample(name, labels, number(value));
}

void Exposition::gauge_value(std::string_view name, double value, const Labels& labels) {
  sample(name, labels, number(value));
}

void Exposition::family(const Family<Counter>& family) {
  head(family.name(), family.help(), "counter");
  family.each([&](const std::vector<std::string>& values, const Counter& counter) {
    sample(family.name(), pairs(family.labels(), values), std::to_string(counter.value()));
  });
}

void Exposition::family(const Family<Gauge>& family) {
  head(family.name(), family.help(), "gauge");
  family.each([&](const std::vector<std::string>& values, const Gauge& gauge) {
    sample(family.name(), pairs(family.labels(), values), number(gauge.value()));
  });
}

void Exposition::family(const Family<Histogram>& family) {
  head(family.name(), family.help(), "histogram");
  family.each([&](const std::vector<std::string>& values, const Histogram& histogram) {
    const Labels labels = pairs(family.labels(), values);
    const auto counts = histogram.buckets();
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      sum += counts.at(i);
      const std::string bound = i < Histogram::bounds.size() ? number(Histogram::bounds.at(i)) : "+Inf";
      Labels with_bound = labels;
      with_bound.emplace_back("le", bound);
      sample(family.name() + "_bucket", with_bound, std::to_string(sum));
    }
    sample(family.name() + "_sum", labels, number(histogram.sum_seconds()));
    sample(family.name() + "_count", labels, std::to_string(sum));
  });
}

}  // namespace connectord::metrics
