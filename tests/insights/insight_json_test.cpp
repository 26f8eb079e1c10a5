// Insights as the API has them.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "connectord/insights/mutes.h"
#include "insights/made_up_weeks.h"

namespace connectord::insights {
namespace {

TEST(InsightJson, HasWhatAnotherLanguageNeedsForItsSentence) {
  testing::MadeUpWeeks now(testing::monday);
  mta::QueueReport queue;
  queue.messages = 250;
  mta::QueueLine line;
  line.next_hop = "busy.example";
  line.messages = 250;
  line.oldest = testing::monday - 2 * testing::hour_seconds;
  queue.lines = {line};
  now.seen().queue = queue;
  now.seen().began.reset();
  const auto all = to_json({.insights = now.judged(), .not_looked_at = {}}, {}, testing::monday);
  ASSERT_EQ(all["insights"].size(), 1U);
  const auto& insight = all["insights"][0];
  EXPECT_EQ(insight["name"], "queue_waits");
  EXPECT_EQ(insight["variant"], "mail_server");
  EXPECT_EQ(insight["values"].dump(),
            R"({"n":250,"next_hop":"busy.example","time":"2026-11-22T22:00:00Z","connector":""})");
}

TEST(InsightJson, HasTheNamesThatTheDescriptionOfTheApiHas) {
  std::ifstream file(CONNECTORD_SOURCE_DIR "/src/api/openapi.json");
  const auto description = nlohmann::json::parse(file);
  auto described =
      description["components"]["schemas"]["Insight"]["properties"]["name"]["enum"].get<std::vector<std::string>>();
  auto known = kinds();
  std::sort(described.begin(), described.end());
  std::sort(known.begin(), known.end());
  EXPECT_EQ(described, known);
}

}  // namespace
}  // namespace connectord::insights
