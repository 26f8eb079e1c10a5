#include "connectord/probe/results.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace connectord::probe {
namespace {

class ResultsTest : public ::testing::Test {
 protected:
  ResultsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "connectord-results-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~ResultsTest() override { std::filesystem::remove_all(folder_); }

  static Report report(bool passed) {
    Report made;
    made.connector = "contoso-out";
    made.time = 1'800'000'000;
    made.passed = passed;
    made.obstacle = passed ? Obstacle::none : Obstacle::tls_failed;
    made.summary = "in \"words\"";
    made.certificates = {{"mx.contoso.com [192.0.2.1]:25", "abc", "/CN=mx", 1'800'086'400}};
    return made;
  }

  std::filesystem::path folder_;
};

TEST_F(ResultsTest, StayWhereNothingWasTriedSince) {
  const Results results(folder_.string());
  ASSERT_TRUE(results.keep(report(false)));
  Report untried = report(true);
  untried.tried = false;
  ASSERT_TRUE(results.keep(untried));
  const auto last = results.find(Direction::outbound, "contoso-out");
  ASSERT_TRUE(last);
  EXPECT_FALSE(last->passed);
}

TEST_F(ResultsTest, AreFoundForListsAsTheFolderWas) {
  const Results results((folder_ / "validation").string());
  const auto none = results.finder();
  std::filesystem::create_directory(folder_ / "validation");
  ASSERT_TRUE(results.keep(report(true)));
  EXPECT_FALSE(none(Direction::outbound, "contoso-out"));
  const auto find = results.finder();
  EXPECT_TRUE(find(Direction::outbound, "contoso-out"));
  EXPECT_FALSE(find(Direction::inbound, "contoso-out"));
  EXPECT_FALSE(find(Direction::outbound, "other"));
}

TEST_F(ResultsTest, AreFoundAgainByDirectionAndName) {
  const Results results((folder_ / "validation").string());
  std::filesystem::create_directory(folder_ / "validation");
  EXPECT_FALSE(results.find(Direction::outbound, "contoso-out"));
  ASSERT_TRUE(results.keep(report(false)));
  const auto found = results.find(Direction::outbound, "contoso-out");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->time, 1'800'000'000);
  EXPECT_FALSE(found->passed);
  EXPECT_EQ(found->obstacle, "tls_failed");
  EXPECT_EQ(found->summary, "in \"words\"");
  ASSERT_EQ(found->certificates.size(), 1U);
  EXPECT_EQ(found->certificates[0].not_after, 1'800'086'400);
  EXPECT_FALSE(results.find(Direction::inbound, "contoso-out"));
  ASSERT_TRUE(results.keep(report(true)));
  EXPECT_TRUE(results.find(Direction::outbound, "contoso-out")->passed);
  // Nothing half-written stays behind.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ / "validation"), {}), 1);
}

TEST_F(ResultsTest, ThatCannotBeReadAreNone) {
  const Results results(folder_.string());
  for (const char* text : {"", "{", "[]", "3", "null"}) {
    std::ofstream(folder_ / "outbound-contoso-out.json") << text;
    EXPECT_FALSE(results.find(Direction::outbound, "contoso-out")) << text;
  }
  std::ofstream(folder_ / "outbound-contoso-out.json")
      << R"({"time": "x", "result": 3, "certificates": [1, {"host": 2}]})";
  const auto found = results.find(Direction::outbound, "contoso-out");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->time, 0);
  EXPECT_FALSE(found->passed);
}

TEST_F(ResultsTest, SayWhyTheyAreNotKept) {
  EXPECT_FALSE(Results((folder_ / "no" / "such").string()).keep(report(true)));
}

}  // namespace
}  // namespace connectord::probe
