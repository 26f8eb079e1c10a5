#include "connectord/metrics/metrics.h"

#include <gtest/gtest.h>

#include <regex>
#include <sstream>
#include <thread>

namespace connectord::metrics {
namespace {

using std::chrono::milliseconds;

// Every line by the grammar of Prometheus's text form (exposition format 0.0.4).
void check_format(const std::string& text) {
  const std::regex line(
      R"(# HELP [a-z_]+ [^\n]+|# TYPE [a-z_]+ (counter|gauge|histogram)|)"
      R"([a-z_]+(\{[a-z_]+="([^"\\\n]|\\\\|\\"|\\n)*"(,[a-z_]+="([^"\\\n]|\\\\|\\"|\\n)*")*\})? (\+Inf|[0-9.e+-]+))");
  ASSERT_TRUE(text.empty() || text.back() == '\n');
  std::istringstream lines(text);
  for (std::string each; std::getline(lines, each);) EXPECT_TRUE(std::regex_match(each, line)) << each;
}

TEST(Metrics, AreWrittenAsPrometheusReadsThem) {
  Family<Counter> messages{"connectord_messages_total", "Messages.", {"connector", "action"}};
  messages.with({"contoso", "accept"}).add(3);
  messages.with({"a\"b\\c\nd", "reject"}).add();
  Exposition text;
  text.counter("connectord_loads_total", "Loads.", 7);
  text.gauge("connectord_connectors", "Connectors.", 2, {{"direction", "inbound"}});
  text.gauge_value("connectord_connectors", 0.5, {{"direction", "outbound"}});
  text.family(messages);
  check_format(text.text());
  EXPECT_EQ(text.text(),
            "# HELP connectord_loads_total Loads.\n# TYPE connectord_loads_total counter\nconnectord_loads_total 7\n"
            "# HELP connectord_connectors Connectors.\n# TYPE connectord_connectors gauge\n"
            "connectord_connectors{direction=\"inbound\"} 2\nconnectord_connectors{direction=\"outbound\"} 0.5\n"
            "# HELP connectord_messages_total Messages.\n# TYPE connectord_messages_total counter\n"
            "connectord_messages_total{connector=\"a\\\"b\\\\c\\nd\",action=\"reject\"} 1\n"
            "connectord_messages_total{connector=\"contoso\",action=\"accept\"} 3\n");
}

TEST(Metrics, CountDurationsInBucketsThatAddUp) {
  Family<Histogram> stages{"connectord_stage_seconds", "Stages.", {"stage"}};
  for (const int duration : {0, 1, 1, 40, 60'000}) stages.with({"envelope"}).observe(milliseconds(duration));
  Exposition text;
  text.family(stages);
  check_format(text.text());
  for (const char* line :
       {"_bucket{stage=\"envelope\",le=\"0.0001\"} 1\n", "_bucket{stage=\"envelope\",le=\"0.001\"} 3\n",
        "_bucket{stage=\"envelope\",le=\"0.025\"} 3\n", "_bucket{stage=\"envelope\",le=\"0.1\"} 4\n",
        "_bucket{stage=\"envelope\",le=\"30\"} 4\n", "_bucket{stage=\"envelope\",le=\"+Inf\"} 5\n",
        "_sum{stage=\"envelope\"} 60.042\n", "_count{stage=\"envelope\"} 5\n"}) {
    EXPECT_NE(text.text().find(line), std::string::npos) << line << text.text();
  }
}

TEST(Metrics, AGaugeOfAFamilySaysItsLastValue) {
  Family<Gauge> passed{"connectord_passed", "Passed.", {"connector"}};
  passed.with({"contoso"}).set(1);
  passed.with({"contoso"}).set(0.5);
  Exposition text;
  text.family(passed);
  EXPECT_EQ(text.text(),
            "# HELP connectord_passed Passed.\n# TYPE connectord_passed gauge\n"
            "connectord_passed{connector=\"contoso\"} 0.5\n");
}

TEST(Metrics, StayBoundedWhateverNamesComeAlong) {
  Family<Counter> messages{"m", "M.", {"connector", "action"}, 10};
  for (int i = 0; i < 1000; ++i) messages.with({std::to_string(i), i % 2 == 0 ? "accept" : "reject"}).add();
  std::size_t sets = 0;
  std::uint64_t sum = 0;
  messages.each([&](const auto&, const Counter& counter) {
    ++sets;
    sum += counter.value();
  });
  EXPECT_EQ(sets, 12U);  // ten, and "other" for each action
  EXPECT_EQ(sum, 1000U);
  EXPECT_EQ(messages.with({"other", "accept"}).value(), 495U);
}

TEST(MetricsThread, CountsOfSeveralAreNotLost) {
  Family<Counter> messages{"m", "M.", {"connector"}};
  Histogram histogram;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 1000; ++j) {
          messages.with({std::to_string(j % 3)}).add();
          histogram.observe(milliseconds(1));
        }
      });
    }
  }
  EXPECT_EQ(messages.with({"0"}).value() + messages.with({"1"}).value() + messages.with({"2"}).value(), 4000U);
  EXPECT_EQ(histogram.buckets()[3], 4000U);
}

}  // namespace
}  // namespace connectord::metrics
