#include "connectord/config/connector_edit.h"

#include <gtest/gtest.h>

#include <functional>

namespace connectord::config {
namespace {

using Json = nlohmann::ordered_json;

TEST(ConnectorEdit, EnabledIsSetInPlaceAndAllElseStays) {
  struct {
    const char* what;
    std::string before;
    bool enabled;
    std::string after;
  } const cases[] = {
      {"given", "[[inbound]]\nname = \"a\"\nenabled = true # yes\n", false,
       "[[inbound]]\nname = \"a\"\nenabled = false # yes\n"},
      {"not given", "# c\n[[inbound]] # d\nname='a'\n[inbound.identify]\nsender_domains=['*']", false,
       "# c\n[[inbound]] # d\nenabled = false\nname='a'\n[inbound.identify]\nsender_domains=['*']"},
      {"line ends of DOS", "[[inbound]]\r\nname = \"a\"\r\n", true,
       "[[inbound]]\r\nenabled = true\r\nname = \"a\"\r\n"},
      {"the second of three",
       "[[inbound]]\nname=\"b\"\nenabled=true\n[[inbound]]\nname=\"a\"\nenabled=true\n[[outbound]]\nname="
       "\"a\"\nenabled=true\n",
       false,
       "[[inbound]]\nname=\"b\"\nenabled=true\n[[inbound]]\nname=\"a\"\nenabled=false\n[[outbound]]\nname="
       "\"a\"\nenabled=true\n"},
      {"behind text beyond ASCII", "[[inbound]]\ncomment = \"üüü\"\nname = \"a\"\n\"enabled\"\t=\tfalse\n", true,
       "[[inbound]]\ncomment = \"üüü\"\nname = \"a\"\n\"enabled\"\t=\ttrue\n"},
      {"a name in a comment and in a string",
       "[[inbound]]\nname = \"b\"\ncomment = '''\n[[inbound]]\nname = \"a\"\n'''\n"
       "[[inbound]]\nname = \"a\"\n",
       false,
       "[[inbound]]\nname = \"b\"\ncomment = '''\n[[inbound]]\nname = \"a\"\n'''\n"
       "[[inbound]]\nenabled = false\nname = \"a\"\n"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(with_enabled(one.before, "inbound", "a", one.enabled).value_or("refused"), one.after) << one.what;
  }
}

TEST(ConnectorEdit, WhatCannotBeSetSafelyIsRefused) {
  for (const char* text : {"inbound = [{ name = \"a\", enabled = true }]\n", "[[inbound]]\nname = \"b\"\n",
                           "[[inbound]]\nname = \"a\"\nenabled = \"yes\"\n", "[[inbound]]\nname =\n", ""}) {
    EXPECT_FALSE(with_enabled(text, "inbound", "a", false)) << text;
  }
}

TEST(ConnectorEdit, RulesAreChangedInPlaceToo) {
  const std::string rule =
      "# ours\n[[rule]]\nname = \"r\"  # x\npriority = 5\n\n[rule.when]\nsubject_words = [\"a\"]  # since May\n"
      "[[rule.when.header]]\nname = \"X-A\"\n[[rule.action]]\ndo = \"bcc\"\nto = [\"a@b.example\"]\n"
      "[[rule.action]]\ndo = \"reject\"  # loudly\n[[rule]]\nname = \"s\"\npriority = 6\n";
  const Json before = Json::parse(R"({"name": "r", "priority": 5, "enabled": true, "when": {"subject_words": ["a"],
      "header": [{"name": "X-A"}]}, "action": [{"do": "bcc", "to": ["a@b.example"]}, {"do": "reject"}]})");
  const auto with = [&](const std::function<void(Json&)>& change) {
    Json after = before;
    change(after);
    const auto result = with_changes(rule, "rule", "r", differences(before, after));
    return result ? *result : "refused: " + result.error();
  };
  const auto replaced = [&rule](const std::string& what, const std::string& by) {
    std::string text = rule;
    return text.replace(text.find(what), what.size(), by);
  };
  EXPECT_EQ(with([](Json& r) { r["enabled"] = false; }), replaced("[[rule]]\n", "[[rule]]\nenabled = false\n"));
  EXPECT_EQ(with([](Json& r) { r["mode"] = "audit"; }), replaced("[[rule]]\n", "[[rule]]\nmode = \"audit\"\n"));
  EXPECT_EQ(with([](Json& r) { r["when"]["subject_words"].push_back("b"); }), replaced("[\"a\"]", "[\"a\", \"b\"]"));
  EXPECT_EQ(with([](Json& r) { r["action"][1]["text"] = "no"; }),
            replaced("do = \"reject\"", "text = \"no\"\ndo = \"reject\""));
  EXPECT_EQ(with([](Json& r) { r["action"][0]["to"].push_back("c@b.example"); }),
            replaced("\"a@b.example\"", "\"a@b.example\", \"c@b.example\""));
  EXPECT_EQ(with([](Json& r) { r["when"]["header"][0]["words"] = {"x"}; }),
            replaced("[[rule.when.header]]\n", "[[rule.when.header]]\nwords = [\"x\"]\n"));
  EXPECT_EQ(with([](Json& r) { r["when"].erase("subject_words"); }),
            replaced("subject_words = [\"a\"]  # since May\n", ""));
  EXPECT_TRUE(with([](Json& r) { r["action"].erase(0); }).starts_with("refused: action does not stand in its file"));
}

std::string changed(const std::string& text, const char* before, const char* after) {
  const auto result = with_changes(text, "inbound", "a", differences(Json::parse(before), Json::parse(after)));
  return result ? *result : "refused: " + result.error();
}

TEST(ConnectorEdit, KeysAreSetWhereTheyStandAndCommentsStay) {
  struct {
    const char* what;
    std::string text;
    const char* before;
    const char* after;
    std::string expected;
  } const cases[] = {
      {"one more in a list of one line",
       "[[inbound]]\nname = \"a\"  # ü\n[inbound.require.certificate]\nfingerprints = [ \"x\" ]  # since May\n",
       R"({"require": {"certificate": {"fingerprints": ["x"]}}})",
       R"({"require": {"certificate": {"fingerprints": ["x", "y"]}}})",
       "[[inbound]]\nname = \"a\"  # ü\n[inbound.require.certificate]\nfingerprints = [ \"x\", \"y\" ]  # since May\n"},
      {"one more in a list of several lines",
       "[[inbound]]\nname = \"a\"\nlist = [\n  \"x\",  # the old key\n  \"y\"   # the new one\n]\n",
       R"({"list": ["x", "y"]})", R"({"list": ["x", "y", "z"]})",
       "[[inbound]]\nname = \"a\"\nlist = [\n  \"x\",  # the old key\n  \"y\",   # the new one\n  \"z\",\n]\n"},
      {"one less", "[[inbound]]\nname = \"a\"\nlist = [\"x\", \"y\"]  # c\n", R"({"list": ["x", "y"]})",
       R"({"list": ["y"]})", "[[inbound]]\nname = \"a\"\nlist = [\"y\"]  # c\n"},
      {"a key of a table with a header", "[[inbound]]\nname = \"a\"\n[inbound.require]  # c\ntls = true\n",
       R"({"require": {"tls": true}})", R"({"require": {"tls": true, "tls_version": "TLSv1.3"}})",
       "[[inbound]]\nname = \"a\"\n[inbound.require]  # c\ntls_version = \"TLSv1.3\"\ntls = true\n"},
      {"a key of an inline table", "[[inbound]]\nname = \"a\"\nrequire = { tls = true }\n",
       R"({"require": {"tls": true}})", R"({"require": {"tls": true, "certificate": {"issuer": "CA"}}})",
       "[[inbound]]\nname = \"a\"\nrequire = { tls = true, certificate.issuer = \"CA\" }\n"},
      {"a key of dotted keys", "[[inbound]]\nname = \"a\"\nrequire.tls = true\n", R"({"require": {"tls": true}})",
       R"({"require": {"tls": true, "spf": "pass"}})",
       "[[inbound]]\nrequire.spf = \"pass\"\nname = \"a\"\nrequire.tls = true\n"},
      {"a key that goes", "[[inbound]]\nname = \"a\"\nmode = \"audit\"  # for a week\nenabled = true\n",
       R"({"mode": "audit"})", "{}", "[[inbound]]\nname = \"a\"\nenabled = true\n"},
      {"a default that goes", "[[inbound]]\nname = \"a\"\n", R"({"mode": "enforce"})", "{}",
       "[[inbound]]\nname = \"a\"\n"},
      {"a word and a number", "[[inbound]]\nname = \"a\"\nmode = 'audit'\npriority = 5\n[[inbound]]\nname = \"b\"\n",
       R"({"mode": "audit", "priority": 5})", R"({"mode": "enforce", "priority": 10})",
       "[[inbound]]\nname = \"a\"\nmode = \"enforce\"\npriority = 10\n[[inbound]]\nname = \"b\"\n"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(changed(one.text, one.before, one.after), one.expected) << one.what;
  }
}

TEST(ConnectorEdit, ListsWhoseCommentsWouldBeLostAreLeft) {
  EXPECT_EQ(changed("[[inbound]]\nname = \"a\"\nlist = [\n  \"x\",  # old\n  \"y\",\n]\n", R"({"list": ["x", "y"]})",
                    R"({"list": ["y"]})"),
            "refused: list does not stand in its file in a form that a program may edit");
}

TEST(ConnectorEdit, DifferencesAreToldKeyByKey) {
  const auto found = differences(Json::parse(R"({"a": 1, "b": {"c": [1], "d": true}, "e": 1})"),
                                 Json::parse(R"({"a": 1, "b": {"c": [1, 2]}, "f": {"g": "h"}})"));
  std::string text;
  for (const KeyChange& change : found) {
    text += change.key() + ": " + change.before.dump() + " to " + change.after.dump() + "\n";
  }
  EXPECT_EQ(text, "b.c: [1] to [1,2]\nb.d: true to null\nf.g: null to \"h\"\ne: 1 to null\n");
}

TEST(ConnectorEdit, AnEntryIsTakenOutAndAllElseStays) {
  const std::string first = "# ours\n[[inbound]]\nname = \"a\" # why\n\n# of b\n";
  const std::string second = "[[inbound]]\nname = \"b\"\n[inbound.require]\ntls = true\n";
  const std::string rule = "\n# a rule\n[[rule]]\nname = \"b\"\n";
  EXPECT_EQ(without_entry(first + second + rule, "inbound", "b").value_or("-"), first + rule);
  EXPECT_EQ(without_entry(first + second + rule, "inbound", "a").value_or("-"), "# ours\n\n# of b\n" + second + rule);
  EXPECT_EQ(without_entry(first + second + rule, "rule", "b").value_or("-"), first + second + "\n# a rule\n");
  EXPECT_FALSE(without_entry(first + second, "rule", "b"));
  EXPECT_FALSE(without_entry("inbound = [{name = \"a\"}]\n", "inbound", "a"));
}

TEST(ConnectorEdit, AnEntryIsAddedBehindAllOthers) {
  const nlohmann::ordered_json entry = {{"name", "b"}, {"enabled", true}};
  EXPECT_EQ(with_entry("", "rule", entry).value_or("-"), "[[rule]]\nname = \"b\"\nenabled = true\n");
  EXPECT_EQ(with_entry("[tag]\nheader = \"X\"", "rule", entry).value_or("-"),
            "[tag]\nheader = \"X\"\n\n[[rule]]\nname = \"b\"\nenabled = true\n");
}

}  // namespace
}  // namespace connectord::config
