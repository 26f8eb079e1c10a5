#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connectord/runtime/health.h"

namespace connectord::runtime {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* good = R"({
  "version": "0.1.0", "pid": 4711, "started": "2026-11-28T15:00:00Z",
  "configuration": {"file": "/etc/connectord/connectord.toml", "generation": 2, "loaded": "2026-11-28T15:00:00Z",
                    "inbound_connectors": 1, "outbound_connectors": 0},
  "reload": {"failed": false},
  "listeners": {"milter": "unix:/run/milter.sock", "policy": null, "socketmap": null, "api": null},
  "mta": {"version": null, "host": null},
  "milter": {"sessions": 3, "last": null}, "policy": {"requests": 0, "last": null},
  "socketmap": {"lookups": 0, "last": null}})";

Json read(const std::string& text) {
  auto document = read_health_document(text);
  EXPECT_TRUE(document) << document.error();
  return document.value_or(Json::object());
}

// `good` with another value at a JSON pointer; "-" removes it.
Json changed(const std::string& pointer, const std::string& value) {
  Json document = Json::parse(good);
  const Json::json_pointer place(pointer);
  if (value == "-") {
    document.at(place.parent_pointer()).erase(place.back());
  } else {
    document[place] = Json::parse(value);
  }
  return read(document.dump());
}

TEST(HealthReader, ReadsWhatThisVersionWrites) {
  const Json document = read(good);
  EXPECT_FALSE(document.contains("odd")) << document;
  EXPECT_EQ(document["configuration"]["generation"], 2);
  EXPECT_EQ(document["listeners"]["milter"], "unix:/run/milter.sock");
  EXPECT_EQ(document["reload"]["problems"], Json::array());
}

struct Odd {
  const char* pointer;
  const char* value;
  const char* said;
};

TEST(HealthReader, SaysWhatIsOddAndHasEveryKeyWithItsTypeAllTheSame) {
  const Odd cases[] = {{"/version", "-", "version is missing"},
                       {"/version", "7", "version is of another type"},
                       {"/pid", "\"x\"", "pid is of another type"},
                       {"/pid", "-1", "pid is of another type"},
                       {"/pid", "1.5", "pid is of another type"},
                       {"/pid", "18446744073709551615", "pid is of another type"},
                       {"/started", "{}", "started is of another type"},
                       {"/configuration", "-", "configuration is missing"},
                       {"/configuration", "[]", "configuration is of another type"},
                       {"/configuration/file", "null", "configuration.file is of another type"},
                       {"/configuration/generation", "[1]", "configuration.generation is of another type"},
                       {"/reload", "null", "reload is of another type"},
                       {"/reload/failed", "\"no\"", "reload.failed is of another type"},
                       {"/reload/problems", "[1]", "reload.problems is of another type"},
                       {"/listeners", "\"none\"", "listeners is of another type"},
                       {"/listeners/milter", "-", "listeners.milter is missing"},
                       {"/mta", "-", "mta is missing"},
                       {"/mta/version", "0", "mta.version is of another type"},
                       {"/milter", "3", "milter is of another type"},
                       {"/milter/sessions", "-", "milter.sessions is missing"},
                       {"/socketmap/last", "false", "socketmap.last is of another type"}};
  const Json whole = read(good).flatten();
  for (const auto& [pointer, value, said] : cases) {
    const Json document = changed(pointer, value);
    EXPECT_EQ(document["odd"], Json::array({said})) << pointer << " " << value;
    for (const auto& [key, each] : whole.items()) {
      const Json::json_pointer place(key);
      ASSERT_TRUE(document.contains(place)) << pointer << " " << value << " " << key;
      const bool is_number = document[place].is_number();
      EXPECT_EQ(is_number, each.is_number()) << pointer << " " << value << " " << key;
    }
  }
}

TEST(HealthReader, EscapesWhatATerminalWouldNotShowAsItIs) {
  const Json document =
      changed("/mta/host", R"("mx\u001b[2J\u007f\u009b\r\nok \u202egpj.exe\u2066\u2028 b\u00fc\ud83d\ude00")");
  EXPECT_EQ(document["mta"]["host"],
            "mx\\u001b[2J\\u007f\\u009b\\u000d\\u000aok \\u202egpj.exe\\u2066\\u2028 b\xc3\xbc\xf0\x9f\x98\x80");
  EXPECT_FALSE(document.contains("odd"));
  const Json key = changed("/a\x1b[2J", R"({"b\u001b": "c\u001b"})");
  EXPECT_EQ(key["a\\u001b[2J"]["b\\u001b"], "c\\u001b");
}

TEST(HealthReader, KeepsABoundedPartOfAnyDocument) {
  const Json text = changed("/version", "\"" + std::string(100'000, 'x') + "\"");
  EXPECT_EQ(text["version"], std::string(4096, 'x') + "...");
  std::string keys;
  for (int i = 0; i < 20'000; ++i) keys += "\"k" + std::to_string(i) + "\":0,";
  const Json many = read("{" + keys + std::string(good).substr(1));
  EXPECT_LT(many.size(), 60U);
  EXPECT_EQ(many["pid"], 4711);
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_LT(read("{\"unknown\":" + deep + "," + std::string(good).substr(1))["unknown"].dump().size(), 100U);
  EXPECT_EQ(changed("/unknown", R"({"a": {"b": 1}})")["unknown"]["a"]["b"], 1) << "of a later version";
}

TEST(HealthReader, SaysWhatIsOddAboutTheWhole) {
  EXPECT_EQ(read_health_document("").error(), "it is no JSON");
  EXPECT_EQ(read_health_document("{\"a\": \"\xff\"}").error(), "it is no JSON");
  EXPECT_EQ(read_health_document(std::string(max_health_document_length, '[')).error(), "it is no JSON");
  EXPECT_EQ(read_health_document("[]").error(), "it is no JSON object");
  EXPECT_EQ(read_health_document(std::string(max_health_document_length + 1, ' ')).error(), "it is too long");
  EXPECT_EQ(read("{}")["odd"].size(), 10U);
}

}  // namespace
}  // namespace connectord::runtime
