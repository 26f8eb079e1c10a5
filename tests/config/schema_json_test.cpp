#include "connectord/config/schema_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace connectord::config {
namespace {

nlohmann::ordered_json schema_key(const std::string& path, const std::string& name) {
  for (const auto& table : schema_json()) {
    if (table["path"] != path) continue;
    for (const auto& key : table["keys"]) {
      if (key["name"] == name) return key;
    }
  }
  return nullptr;
}

TEST(SchemaJson, SaysOfEachKeyHowAFormAsksForIt) {
  struct Case {
    const char* path;
    const char* name;
    const char* kind;
    std::vector<std::string> choices;
  };
  for (const Case& one : std::vector<Case>{{"inbound.require", "tls", "boolean", {}},
                                           {"inbound", "mode", "string", {"enforce", "audit"}},
                                           {"rule", "priority", "integer", {}},
                                           {"rule", "expire_at", "time", {}},
                                           {"rule.when", "subject_words", "list", {}},
                                           {"rule.when", "direction", "list", {"inbound", "outbound", "internal"}},
                                           {"rule.action", "text", "text", {}},
                                           {"inbound", "name", "string", {}}}) {
    const auto key = schema_key(one.path, one.name);
    ASSERT_TRUE(key.is_object()) << one.path << "." << one.name;
    EXPECT_EQ(key["kind"], one.kind) << one.name;
    EXPECT_EQ(key["choices"].get<std::set<std::string>>(),
              std::set<std::string>(one.choices.begin(), one.choices.end()))
        << one.name;
    EXPECT_NE(key["help"], "") << one.name;
  }
}

TEST(SchemaJson, TellsDefaultsAndWhatIsDoneWithoutAKey) {
  EXPECT_EQ(schema_key("rule", "mode")["default"], "\"enforce\"");
  EXPECT_TRUE(schema_key("rule", "mode")["otherwise"].is_null());
  EXPECT_EQ(schema_key("rule", "expire_at")["otherwise"], "never");
  EXPECT_TRUE(schema_key("rule", "name")["required"].get<bool>());
}

}  // namespace
}  // namespace connectord::config
