#include "connectord/insights/mutes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace connectord::insights {
namespace {

constexpr std::int64_t mutes_now = 1'795'392'000;

class MutesFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "mutes-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    file_ = folder_ + "/insights.json";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string file_;
};

TEST_F(MutesFile, IsReadAsItWasWrittenButForWhatHasEnded) {
  ASSERT_TRUE(write_mutes(
      file_, {{"tls_weak:contoso", {"they know", mutes_now + 60, "alice"}}, {"old", {"x", mutes_now, "bob"}}}));
  const auto read = read_mutes(file_, mutes_now);
  ASSERT_TRUE(read) << read.error();
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ(read->at("tls_weak:contoso").reason, "they know");
  EXPECT_EQ(read->at("tls_weak:contoso").who, "alice");
}

TEST_F(MutesFile, ThatIsMissingMutesNothing) {
  ASSERT_TRUE(read_mutes(file_, mutes_now));
  EXPECT_TRUE(read_mutes(file_, mutes_now)->empty());
}

TEST_F(MutesFile, ThatIsDamagedIsNamed) {
  std::ofstream(file_) << "{";
  const auto read = read_mutes(file_, mutes_now);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().find(file_), std::string::npos);
  std::ofstream(file_) << R"({"a": 1, "b": {"until": "never"}, "c": {"until": "2027-01-01T00:00:00Z"}})";
  EXPECT_EQ(read_mutes(file_, mutes_now)->size(), 1U);
}

TEST(InsightsJson, HasWhatIsMutedAndSaysSo) {
  Found found;
  found.insights = {
      {.severity = Severity::warning, .name = "tls_weak", .about = "contoso", .connector = "contoso", .what = "x"},
      {.name = "trace_lags", .about = "", .what = "y"}};
  found.not_looked_at = {{"queue", "not allowed"}};
  const auto json = to_json(found, {{"tls_weak:contoso", {"they know", mutes_now + 60, "alice"}}}, mutes_now);
  EXPECT_EQ(json["insights"][0]["muted"]["reason"], "they know");
  EXPECT_EQ(json["insights"][0]["direction"], "inbound");
  EXPECT_TRUE(json["insights"][1]["muted"].is_null());
  EXPECT_TRUE(json["insights"][1]["connector"].is_null());
  EXPECT_TRUE(json["insights"][1]["search"].is_null());
  EXPECT_EQ(json["not_looked_at"][0]["area"], "queue");
}

}  // namespace
}  // namespace connectord::insights
