// What is said of a host's part in a fleet, by what the running connectord knows of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/doctor/doctor.h"

namespace connectord::doctor {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

Json member() {
  return {{"host", "mx1"},
          {"database", "postgresql:///c"},
          {"connected", true},
          {"away_since", nullptr},
          {"reason", nullptr},
          {"generation", 7},
          {"wanted", 7},
          {"generation_error", nullptr},
          {"generation_fails_since", nullptr},
          {"trace",
           {{"writable", true},
            {"since", nullptr},
            {"reason", nullptr},
            {"waiting", 0},
            {"lag_seconds", 0},
            {"lost", {{"rows", 0}, {"last", nullptr}}},
            {"rejected", {{"rows", 0}, {"last", nullptr}, {"reason", nullptr}}}}}};
}

Findings findings_of(const Json& fleet) {
  const model::Configuration configuration;
  const engine::Policy policy(configuration);
  const std::string file = "/etc/connectord/connectord.toml";
  Context context{.configuration_file = file, .configuration = configuration, .policy = policy};
  context.health = {{"version", "1"}};
  if (!fleet.is_null()) context.health["fleet"] = fleet;
  Findings findings;
  examine_fleet(context, findings);
  return findings;
}

TEST(DoctorFleet, SaysNothingWhereAllIsWellOrThereIsNoFleet) {
  EXPECT_TRUE(findings_of(member()).all_well());
  EXPECT_THAT(findings_of(member()).good_areas(), ::testing::ElementsAre("fleet"));
  EXPECT_TRUE(findings_of(nullptr).all_well());
  EXPECT_THAT(findings_of(nullptr).good_areas(), ::testing::IsEmpty());
  Json without_trace = member();
  without_trace["trace"] = nullptr;
  EXPECT_TRUE(findings_of(without_trace).all_well());
}

TEST(DoctorFleet, SaysWhatIsWrongSinceWhenAndWhatItMeansForMail) {
  struct Case {
    Json changed;  // a patch of what is well (RFC 7386)
    Severity severity;
    const char* area;
    const char* what;
    const char* why;
  };
  for (const Case& one : std::vector<Case>{
           {{{"connected", false}, {"away_since", "2026-11-30T10:00:00Z"}, {"reason", "connection refused"}},
            Severity::warning,
            "fleet",
            "the database is away since 2026-11-30T10:00:00Z; mail is not touched, and goes by generation 7",
            "connection refused"},
           {{{"wanted", 8},
             {"generation_error", "g.toml:3:1: error: a\\u000a\\u0009g.toml:9:1: error: b"},
             {"generation_fails_since", "2026-11-30T10:00:00Z"}},
            Severity::critical,
            "fleet",
            "generation 8 does not load on this host since 2026-11-30T10:00:00Z; it goes on with generation 7",
            "g.toml:3:1: error: a; g.toml:9:1: error: b"},
           {{{"trace",
              {{"writable", false},
               {"since", "2026-11-30T10:00:00Z"},
               {"reason", "disk full"},
               {"waiting", 12},
               {"lag_seconds", 40}}}},
            Severity::warning,
            "joint trace",
            "it cannot be written since 2026-11-30T10:00:00Z; mail is not touched, and 12 rows wait on this host, the "
            "oldest for 40 s",
            "disk full"},
           {{{"trace",
              {{"writable", false},
               {"since", "2026-11-30T10:00:00Z"},
               {"reason", "x"},
               {"waiting", 1},
               {"lag_seconds", 2}}}},
            Severity::warning,
            "joint trace",
            "1 row waits on this host, the oldest for 2 s",
            "x"},
           {{{"trace", {{"waiting", 900}, {"lag_seconds", 301}}}},
            Severity::warning,
            "joint trace",
            "it is behind: 900 rows wait on this host, the oldest for 301 s",
            ""},
           {{{"trace", {{"lost", {{"rows", 5}, {"last", "2026-11-30T10:00:00Z"}}}}}},
            Severity::warning,
            "joint trace",
            "copies were dropped before the database had them, last at 2026-11-30T10:00:00Z: 5 rows",
            ""},
           {{{"trace", {{"rejected", {{"rows", 2}, {"last", "2026-11-30T10:00:00Z"}, {"reason", "22021 invalid"}}}}}},
            Severity::warning,
            "joint trace",
            "the database does not take 2 rows, which are set aside in its table \"rejected\"",
            "22021 invalid"},
       }) {
    Json fleet = member();
    fleet.merge_patch(one.changed);
    const Findings findings = findings_of(fleet);
    ASSERT_EQ(findings.issues().size(), 1U) << one.what;
    const Issue& issue = findings.issues().front();
    EXPECT_EQ(issue.severity, one.severity) << one.what;
    EXPECT_EQ(issue.area, one.area) << one.what;
    EXPECT_THAT(issue.what, HasSubstr(one.what));
    EXPECT_EQ(issue.why, one.why) << one.what;
    EXPECT_FALSE(issue.write.empty()) << one.what;
  }
}

TEST(DoctorFleet, WhatWaitsForAMomentIsNothingToSay) {
  Json fleet = member();
  fleet["trace"]["waiting"] = 5'000;
  fleet["trace"]["lag_seconds"] = 3;
  EXPECT_TRUE(findings_of(fleet).all_well());
}

TEST(DoctorFleet, ADatabaseThatNobodyHasAskedYetIsNotAway) {
  Json fleet = member();
  fleet["connected"] = false;
  EXPECT_TRUE(findings_of(fleet).all_well());
}

TEST(DoctorFleet, TakesWhatAnotherVersionReportsAsItComes) {
  for (const char* odd :
       {"[]", "7", "{}", R"({"trace": 7, "connected": "x"})", R"({"trace": {"lost": [], "rejected": 7}})"}) {
    EXPECT_TRUE(findings_of(Json::parse(odd)).all_well()) << odd;
  }
}

}  // namespace
}  // namespace connectord::doctor
