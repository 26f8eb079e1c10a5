#include "connectord/config/connector_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "connectord/config/connector_json.h"
#include "connectord/config/load.h"

namespace connectord::config {
namespace {

using Json = nlohmann::ordered_json;

Loaded load_text(const std::string& text) {
  return parse(text, "test.toml", {"mx.example.net"});
}

Json only_connector(const std::string& text) {
  const Loaded loaded = load_text(text);
  EXPECT_TRUE(loaded.ok()) << text << (loaded.problems.empty() ? "" : to_string(loaded.problems.front()));
  if (!loaded.configuration.inbound.empty()) return to_json(loaded.configuration.inbound.front());
  if (!loaded.configuration.outbound.empty()) return to_json(loaded.configuration.outbound.front());
  return nullptr;
}

// Every key of a connector, in the order of to_json().
constexpr const char* whole_connectors[] = {
    R"({"name": "a", "direction": "inbound", "scenario": "internet", "enabled": true, "mode": "enforce",
        "priority": 100, "trusted_path": false, "identify": {"sender_domains": ["*"]}, "require": {}})",
    R"({"name": "a.b-c_d", "direction": "inbound", "scenario": "on-premises", "enabled": false, "mode": "audit",
        "priority": 1000000, "trusted_path": true, "comment": "a \"b\" \\ c = [d] # ü",
        "identify": {"sender_domains": ["a.example", "*.b.example"],
                     "client_networks": ["192.0.2.1", "2001:db8::/32", "10.0.0.1-10.0.0.7"],
                     "certificate": {"subject": "/C=DE/O=\"x\"/CN=a", "issuer": "An \\ Authority",
                                     "fingerprints": ["sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]}},
        "require": {"tls": true, "tls_version": "TLSv1.3", "client_networks": ["192.0.2.0/24"], "spf": "pass",
                    "dkim": "aligned", "dmarc": "pass", "certificate": {"subject": "*.a.example"}},
        "enhanced_filtering": {"skip_last": true, "skip_networks": ["10.0.0.0/8"], "recipients": ["me@a.example"],
                               "skip_spam_filtering": true}})",
    R"({"name": "out", "direction": "outbound", "scenario": "partner", "enabled": true, "comment": "c",
        "recipient_domains": ["*.a.example"], "split_recipients": true,
        "route": {"smart_hosts": ["[mx.a.example]:25", "a.example", "[192.0.2.1]"]},
        "tls": {"level": "match", "match": [".a.example"], "version": "TLSv1.2", "ca_file": "/etc/ca.pem"}})",
    R"({"name": "out", "direction": "outbound", "scenario": "internet", "enabled": false,
        "recipient_domains": ["a.example"], "rule_scoped": true, "split_recipients": false, "route": {}})"};

TEST(ConnectorFiles, WhatIsWrittenLoadsAsTheSameConnector) {
  for (const char* text : whole_connectors) {
    const Json connector = Json::parse(text);
    const auto written = sealed_toml(connector);
    ASSERT_TRUE(written) << written.error().key << written.error().message;
    EXPECT_EQ(only_connector(*written).dump(2), connector.dump(2)) << *written;
    EXPECT_TRUE(is_sealed(*written));
  }
}

TEST(ConnectorFiles, ADirectionThatIsNoWordIsNamed) {
  for (const char* direction : {"[]", "7", "null", "{}"}) {
    const auto written =
        connector_toml(nlohmann::ordered_json::parse(std::string(R"({"direction":)") + direction + "}"));
    ASSERT_FALSE(written) << direction;
    EXPECT_EQ(written.error().key, "direction");
  }
}

TEST(ConnectorFiles, AnyTextSurvives) {
  std::string hard;
  for (int c = 1; c < 256; ++c) hard += c < 128 ? std::string(1, static_cast<char>(c)) : std::string("\xc3\xbc");
  for (const std::string& text : {hard, std::string("\"\"\"'''\\"), std::string("\\u0041\\"), std::string("a\nb")}) {
    const Json connector{{"name", "a"}, {"direction", "inbound"}, {text, "x"}, {"comment", text}};
    const auto written = sealed_toml(connector);
    ASSERT_TRUE(written);
    // The key is unknown and so refused, but the document is TOML with these strings.
    const Loaded loaded = load_text(*written);
    for (const auto& problem : loaded.problems) EXPECT_EQ(problem.message.find("not TOML"), std::string::npos);
  }
}

TEST(ConnectorFiles, ValuesThatTomlHasNoFormForNameTheirKey) {
  struct {
    const char* connector;
    const char* key;
  } const cases[] = {
      {R"({"comment": null})", "comment"},
      {R"({"priority": 1.0})", "priority"},
      {R"({"priority": 18446744073709551615})", "priority"},
      {R"({"identify": {"certificate": {"subject": null}}})", "identify.certificate.subject"},
      {R"({"identify": {"sender_domains": [["a", null]]}})", "identify.sender_domains"},
      {R"({"identify": {"sender_domains": [{"a": 1}]}})", "identify.sender_domains"},
  };
  for (const auto& [connector, key] : cases) {
    const auto written = sealed_toml(Json::parse(connector));
    ASSERT_FALSE(written) << connector;
    EXPECT_EQ(written.error().key, key);
  }
}

TEST(ConnectorFiles, ASealBreaksWithTheFirstByteThatSomebodyChanges) {
  const std::string sealed = sealed_toml(Json::parse(whole_connectors[0])).value();
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(is_sealed(changed)) << changed;
  }
  EXPECT_FALSE(is_sealed(sealed + "# note\n"));
  EXPECT_FALSE(is_sealed(""));
}

TEST(ConnectorFiles, ANewFileLiesWhereAnIncludeCoversIt) {
  const auto path = [](std::vector<std::string> include) {
    return included_path(include, "/etc/c/main.toml", "api-x.toml").value_or("none");
  };
  EXPECT_EQ(path({"connectors.d/*.toml"}), "/etc/c/connectors.d/api-x.toml");
  EXPECT_EQ(path({"one.toml", "/srv/*/a.toml", "/srv/b/*"}), "/srv/b/api-x.toml");
  EXPECT_EQ(path({"connectors.d/hand-*.toml"}), "none");
  EXPECT_EQ(path({"connectors.d/api-x.toml"}), "none");
  EXPECT_EQ(path({}), "none");
}

TEST(ConnectorFiles, AChangeIsTriedOutBeforeItIsMade) {
  const std::string folder = testing::TempDir() + "connector-files";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder + "/d");
  const std::string main_file = folder + "/main.toml";
  std::ofstream(main_file) << "[server]\nmilter = \"unix:/run/m.sock\"\ninclude = [\"d/*.toml\"]\n";
  std::ofstream(folder + "/d/a.toml") << "[[inbound]]\nname = \"a\"\nscenario = \"internet\"\n"
                                         "identify = { sender_domains = [\"a.example\"] }\n";
  const auto names = [&](std::optional<FileChange> change) {
    std::string text;
    const Loaded loaded = load(main_file, {"mx.example.net", std::move(change)});
    for (const auto& connector : loaded.configuration.inbound) text += connector.name;
    return text;
  };
  const std::string other =
      "[[inbound]]\nname = \"b\"\nscenario = \"internet\"\nidentify = { sender_domains = [\"b.example\"] }\n";
  EXPECT_EQ(names(std::nullopt), "a");
  EXPECT_EQ(names(FileChange{folder + "/d/b.toml", other}), "ab");
  EXPECT_EQ(names(FileChange{folder + "/d/a.toml", other}), "b");
  EXPECT_EQ(names(FileChange{folder + "/d/a.toml", std::nullopt}), "");
  EXPECT_EQ(names(FileChange{folder + "/d/b.text", other}), "a");
  EXPECT_FALSE(std::filesystem::exists(folder + "/d/b.toml"));
}

}  // namespace
}  // namespace connectord::config
