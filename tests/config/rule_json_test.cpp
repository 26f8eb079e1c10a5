#include "connectord/config/rule_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "config/tables.h"
#include "connectord/config/connector_files.h"
#include "connectord/config/load.h"

namespace connectord::config {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* rest_of_configuration = R"(
[server]
milter = "unix:/run/m.sock"
socketmap = "unix:/run/s.sock"
[organization]
accepted_domains = ["example.net"]
[[outbound]]
name = "special"
scenario = "partner"
rule_scoped = true
route = { smart_hosts = ["[mx.example]:25"] }
)";

Json only_rule(const std::string& text) {
  const Loaded loaded = parse(rest_of_configuration + text, "test.toml", {"localhost"});
  for (const auto& problem : loaded.problems) {
    EXPECT_NE(problem.severity, model::Problem::Severity::error) << to_string(problem);
  }
  EXPECT_EQ(loaded.configuration.rules.size(), 1U);
  return to_json(loaded.configuration.rules.at(0));
}

constexpr const char* whole_rules[] = {
    R"({"name": "least", "priority": 0, "enabled": true, "mode": "enforce", "all": true,
        "action": [{"do": "set_header", "header": "X-Seen", "value": "yes"}]})",
    R"({"name": "much \"quoted\" ü", "priority": 1000000, "enabled": false, "mode": "audit", "comment": "c",
        "activate_at": "2026-12-01T00:00:00Z", "expire_at": "2027-01-01T00:00:00Z", "stop": true,
        "on_error": "ignore", "severity": "high",
        "when": {"direction": ["inbound", "outbound"], "outbound_connectors": ["special"], "authenticated": false,
                 "tls": true, "client_networks": ["192.0.2.0/24"], "sender": ["a@b.example"],
                 "sender_domains": ["*.b.example"], "sender_words": ["a \\ b"], "sender_patterns": ["^a.*\\d$"],
                 "sender_scope": "external", "sender_location": "header", "recipient": ["c@example.net"],
                 "recipient_domains": ["example.net"], "recipient_words": ["c"], "recipient_patterns": ["c"],
                 "recipient_scope": "internal", "to_header": ["c@example.net"], "to_header_words": ["c"],
                 "to_header_patterns": ["c"], "cc_header": ["d@example.net"], "cc_header_words": ["d"],
                 "cc_header_patterns": ["d"], "subject_words": ["s"], "subject_patterns": ["s"],
                 "body_or_subject_words": ["b"], "body_or_subject_patterns": ["b"], "charset_words": ["koi8"],
                 "importance": ["high"], "message_types": ["signed", "calendar"], "attachment_names": ["*.html"],
                 "attachment_extensions": ["exe"], "attachment_size_over": "25MiB", "attachment_kinds": ["zip"],
                 "attachment_words": ["w"], "attachment_patterns": ["p"], "attachment_executable": true,
                 "attachment_encrypted": true, "attachment_uninspectable": true, "attachment_limit_exceeded": true,
                 "message_size_over": "1500B", "spf": ["fail"], "dkim": ["none"], "dmarc": ["fail", "none"],
                 "header": [{"name": "X-A", "words": ["a"]}, {"name": "X-B", "patterns": ["b"]}, {"name": "X-C"}]},
        "unless": {"subject_words": ["not this"]},
        "action": [{"do": "reject", "code": 554, "status": "5.7.900", "text": "no"}]})",
    R"({"name": "changes", "priority": 7, "enabled": true, "mode": "enforce", "all": true,
        "action": [{"do": "disclaimer", "text": "a\nb", "html": "<p>\"a\"</p>", "position": "prepend",
                    "fallback": "wrap", "once": false},
                   {"do": "encrypt", "fallback": "reject", "certificates": "/c", "cipher": "aes-256-cbc"},
                   {"do": "bcc", "to": ["archive@example.net"]}, {"do": "route", "connector": "special"}]})",
    R"({"name": "asks", "priority": 8, "enabled": true, "mode": "enforce", "split": "copy", "all": true,
        "action": [{"do": "hold_for_approval", "reason": "big", "approvers": ["boss@example.net"],
                    "expire": "12h"}]})"};

TEST(RuleJson, WhatIsWrittenLoadsAsTheSameRule) {
  for (const char* text : whole_rules) {
    const Json rule = Json::parse(text);
    const auto written = sealed_toml(rule, "rule");
    ASSERT_TRUE(written) << written.error().key << written.error().message;
    EXPECT_EQ(only_rule(*written), rule) << *written << only_rule(*written).dump(1);
    EXPECT_TRUE(is_sealed(*written));
  }
}

TEST(RuleJson, HasEveryKeyThatARuleMayHave) {
  for (const Table* table : {&table_for<model::Rule>(), &table_for<model::RuleConditions>(),
                             &table_for<model::RuleAction>(), &table_for<model::HeaderCondition>()}) {
    for (const Key& key : table->keys) {
      EXPECT_NE(key.write, nullptr) << key.name;
      EXPECT_NE(key.is_left_out, nullptr) << key.name;
    }
  }
}

TEST(RuleJson, TimesMayBeStringsOfTheirForm) {
  struct {
    const char* written;
    const char* read;
  } const cases[] = {{"2026-12-01T01:00:00+01:00", R"("2026-12-01T00:00:00Z")"},
                     {"\"2026-12-01T01:00:00+01:00\"", R"("2026-12-01T00:00:00Z")"}};
  for (const auto& one : cases) {
    const std::string text =
        std::string("[[rule]]\nname='r'\npriority=1\nall=true\nstop=true\nactivate_at = ") + one.written + "\n";
    EXPECT_EQ(only_rule(text)["activate_at"].dump(), one.read);
  }
  for (const char* wrong : {"\"2026-12-01\"", "\"tomorrow\"", "\"2026-12-01T00:00:00\"", "\"\"", "\"1\\n[x]\"", "1"}) {
    const std::string text = std::string(rest_of_configuration) +
                             "[[rule]]\nname='r'\npriority=1\nall=true\nstop=true\nexpire_at = " + wrong;
    EXPECT_FALSE(parse(text, "test.toml", {"localhost"}).ok()) << wrong;
  }
}

}  // namespace
}  // namespace connectord::config
