#include "config/split_connectors.h"

#include <gtest/gtest.h>

#include "problem_cases.h"

namespace connectord::config {
namespace {

struct Case {
  std::string_view what;
  std::string_view text;
  std::vector<std::uint32_t> lines;  // where the connectors begin
};

TEST(SplitConnectors, PiecesBeginWhereTomlHasAConnector) {
  const std::vector<Case> cases = {
      {"none", "[server]\nuser = \"a\"\n", {}},
      {"two", "[[inbound]]\na = 1\n[inbound.identify]\n[[inbound]]\n", {1, 4}},
      {"both directions", "a = 1\n[[inbound]]\n[[outbound]]\n[outbound.route]\n", {2, 3}},
      {"blanks", "\n  [[ inbound ]] # comment\r\n\t[[inbound]]\n", {2, 3}},
      {"comment", "# [[inbound]]\n[[inbound]]\n  # [[inbound]]\n", {2}},
      {"string of several lines",
       "[[inbound]]\na = \"\"\"\n[[inbound]]\n\\\"\"\"\n[[inbound]]\"\"\"\"\"\n[[inbound]]\n",
       {1, 6}},
      {"literal of several lines", "[[inbound]]\na = '''\n[[inbound]]\\'''\n[[inbound]]\n", {1, 4}},
      {"quotes in quotes", "[[inbound]]\na = \"'''\"\nb = '\"\"\"'\nc = \"\\\"\"\n[[inbound]]\n", {1, 5}},
      {"list of lists", "[[inbound]]\na = [\n[[ 1 ]],\n[[\"inbound\"]]\n]\n[[inbound]]\n", {1, 6}},
      {"comment in a list", "[[inbound]]\na = [ # ]\n1]\n[[inbound]]\n", {1, 4}},
      {"other tables between", "[[inbound]]\n[log]\na = 1\n[[inbound]]\n", {1, 4}},
  };
  for (const Case& one : cases) {
    const auto found = split_connectors(one.text);
    ASSERT_TRUE(found) << one.what;
    std::vector<std::uint32_t> lines;
    for (const auto& piece : found->connectors) lines.push_back(piece.line);
    EXPECT_EQ(lines, one.lines) << one.what;
  }
}

TEST(SplitConnectors, TheRestKeepsItsLines) {
  const auto found = split_connectors("a = 1\n[[inbound]]\nb = 1\n[log]\nc = 1\n[[outbound]]\n\n[tag]\nd = 1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rest, "a = 1\n\n\n[log]\nc = 1\n\n\n[tag]\nd = 1");
}

TEST(SplitConnectors, WhatCannotBeDividedIsLeftWhole) {
  for (const std::string_view text :
       {"[[\"inbound\"]]\n", "[inbound]\n", "[inbound.identify]\n", "[[inbound]]\n[[outbound]]\n[inbound.identify]\n",
        "[[inbound]]\n[outbound.route]\n", "[[inbound]]\na = \"open\n", "[[inbound]]\na = \"\"\"open\n[[inbound]]\n"}) {
    EXPECT_FALSE(split_connectors(text)) << text;
  }
}

TEST(SplitConnectors, ADocumentThatIsReadWholeSaysTheSame) {
  const std::string_view a = "name = \"a\"\nscenario = \"internet\"\n";
  const std::string_view identify = "sender_domains = [\"*\"]\n";
  const std::string divided =
      with_server("[[inbound]]\n" + std::string(a) + "[inbound.identify]\n" + std::string(identify));
  for (const std::string& text :
       {divided, with_server("[[\"inbound\"]]\n" + std::string(a) + "[inbound.identify]\n" + std::string(identify)),
        with_server("[[inbound]]\n" + std::string(a) + "['inbound'.identify]\n" + std::string(identify)),
        "inbound = [ { name = \"a\", scenario = \"internet\", identify = { sender_domains = [\"*\"] } } ]\n" +
            with_server(""),
        "\xef\xbb\xbf[[inbound]]\n" + std::string(a) + "[inbound.identify]\n" + std::string(identify) +
            with_server("")}) {
    const Loaded loaded = parse_text(text);
    EXPECT_TRUE(loaded.problems.empty()) << text << listed(loaded.problems);
    ASSERT_EQ(loaded.configuration.inbound.size(), 1U) << text;
    EXPECT_EQ(loaded.configuration.inbound[0].name, "a");
    EXPECT_EQ(loaded.configuration.inbound[0].identify.sender_domains.size(), 1U);
  }
}

TEST(SplitConnectors, AnErrorBehindGoodPiecesLeavesNothingTwice) {
  const Loaded loaded =
      parse_text(with_server("[[inbound]]\nname = \"a\"\n[[inbound]]\nname = 5\n[[inbound]]\nname =\n"));
  ASSERT_EQ(loaded.problems.size(), 1U) << listed(loaded.problems);
  EXPECT_EQ(loaded.problems[0].location.line, 9U);
  EXPECT_TRUE(loaded.configuration.inbound.empty());
}

TEST(SplitConnectors, AKeyOfThousandsOfPartsIsRefused) {
  std::string key = "a";
  for (int i = 0; i < 1'000'000; ++i) key += ".a";
  for (const std::string& text :
       {"[log]\n" + key + " = 1\n", "[log]\n[" + key + "]\n", "[log]\nx = { " + key + " = 1 }\n"}) {
    const Loaded loaded = parse_text(text);
    ASSERT_FALSE(loaded.ok());
    EXPECT_TRUE(has_problem(loaded.problems, {2, 1, "", "more than 500 dots"}))
        << listed(loaded.problems).substr(0, 1000);
  }
}

TEST(SplitConnectors, NestingWithoutEndIsRefused) {
  for (const char c : {'[', '{'}) {
    const Loaded loaded = parse_text("[log]\nx = " + std::string(1'000'000, c));
    EXPECT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.problems.front().location.line, 2U);
  }
}

}  // namespace
}  // namespace connectord::config
