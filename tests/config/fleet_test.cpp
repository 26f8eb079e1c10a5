// What the hosts of a fleet have in common, loaded beside a host's own files.
#include <gtest/gtest.h>

#include "config/tables.h"
#include "config/walk.h"
#include "connectord/config/fleet_copy.h"
#include "connectord/config/fleet_keys.h"
#include "problem_cases.h"

namespace connectord::config {
namespace {

constexpr const char* main_path = "/etc/connectord/connectord.toml";

// A host's own file, whose lines behind [server] begin in line 4, and [fleet] stands at the end.
Loaded load_member(std::string_view own, std::string_view in_common) {
  const auto files = std::make_shared<const SourceTexts>(
      SourceTexts{{main_path, with_server(own) + "[fleet]\ndatabase = \"postgresql:///connectord\"\nstate = \"/f\"\n"},
                  {"/f/generation-7.toml", std::string(in_common)}});
  return load(main_path, {.host_name = "mx1.example.net", .files = files});
}

std::string a_connector(std::string_view name, std::string_view domain) {
  return "[[inbound]]\nname = \"" + std::string(name) + "\"\nscenario = \"partner\"\nidentify.sender_domains = [\"" +
         std::string(domain) + "\"]\n";
}

TEST(ConfigFleet, ConnectorsOfBothAreThere) {
  const Loaded loaded = load_member(a_connector("own", "contoso.com"), a_connector("shared", "fabrikam.com") +
                                                                           "[organization]\naccepted_domains = "
                                                                           "[\"example.net\"]\n");
  ASSERT_TRUE(loaded.ok()) << listed(loaded.problems);
  ASSERT_EQ(loaded.configuration.inbound.size(), 2U);
  EXPECT_EQ(*loaded.configuration.inbound.back().location.file, "/f/generation-7.toml");
  EXPECT_EQ(loaded.configuration.organization.accepted_domains.size(), 1U);
  EXPECT_EQ(loaded.sources.back().path, "/f/generation-7.toml");
}

TEST(ConfigFleet, AnEmptyGenerationIsOne) {
  EXPECT_TRUE(load_member("", "").ok());
}

TEST(ConfigFleet, WhatIsWrongWithTheTwoIsReportedWhereItStands) {
  struct Case {
    std::string_view what;
    std::string own;
    std::string in_common;
    ExpectedProblem expected;
  };
  for (const Case& one : std::vector<Case>{
           {"a key in both",
            "[organization]\nname = \"a\"\n",
            "[organization]\nname = \"b\"\n",
            {2, 8, "organization.name",
             "stands here, in what the fleet has in common, and at "
             "/etc/connectord/connectord.toml:5:8 on this host"}},
           {"a host's table",
            "",
            "[dns]\ntimeout = \"1s\"\n",
            {1, 1, "dns",
             "this is each host's own, and no part of what the fleet has in common: each asks the resolver "
             "beside it; write [dns] in connectord.toml of the hosts"}},
           {"a host's key in the fleet's table",
            "",
            "[delivery]\ndane = true\nstate = \"/x\"\n",
            {3, 9, "delivery.state", "this is each host's own"}},
           {"[fleet] itself", "", "[fleet]\ndatabase = \"postgresql:///x\"\n", {1, 1, "fleet", "each host's own"}},
           {"a name in both",
            a_connector("a", "contoso.com"),
            a_connector("a", "fabrikam.com"),
            {1, 1, "inbound.name", "there is a connector \"a\" already, at /etc/connectord/connectord.toml:4:1"}},
           {"no TOML", "", "[[inbound]\n", {1, 1, "", "this is not TOML"}},
       }) {
    const Loaded loaded = load_member(one.own, one.in_common);
    EXPECT_FALSE(loaded.ok()) << one.what;
    EXPECT_TRUE(has_problem(loaded.problems, one.expected)) << one.what << ": " << listed(loaded.problems);
  }
}

TEST(ConfigFleet, WithoutACopyTheErrorSaysWhatToDo) {
  const auto files = std::make_shared<const SourceTexts>(
      SourceTexts{{main_path, with_server("[fleet]\ndatabase = \"postgresql:///connectord\"\n")}});
  const Loaded loaded = load(main_path, {.host_name = "mx1.example.net", .files = files});
  EXPECT_TRUE(has_problem(loaded.problems, {4, 1, "fleet", "run: connectorctl fleet join"})) << listed(loaded.problems);
}

TEST(ConfigFleet, EveryTableHasAnOwner) {
  for (const Key& key : table_for<model::Configuration>().keys) {
    EXPECT_TRUE(key.name == "fleet" || owner_of(key.name).key == key.name) << key.name;
  }
  for (const KeyOwner& owner : key_owners()) {
    const auto dot = owner.key.find('.');
    if (dot == std::string_view::npos) continue;
    EXPECT_NE(owner.whose, owner_of(owner.key.substr(0, dot)).whose) << owner.key;
  }
  EXPECT_EQ(owner_of("delivery.dane").whose, Whose::fleet);
  EXPECT_EQ(owner_of("delivery.state").whose, Whose::host);
}

TEST(ConfigFleet, ACopysNameHasItsNumber) {
  EXPECT_EQ(generation_of_copy("/f", "/f/generation-7.toml"), 7);
  for (const char* path :
       {"/f/generation-07.toml", "/f/generation-.toml", "/f/x/generation-7.toml", "/fgeneration-7.toml",
        "/f/generation--7.toml", "/f/generation-7.toml.new", "/g/generation-7.toml"}) {
    EXPECT_EQ(generation_of_copy("/f", path), std::nullopt) << path;
  }
}

}  // namespace
}  // namespace connectord::config
