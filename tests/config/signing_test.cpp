#include <gtest/gtest.h>

#include "config/problem_cases.h"

namespace connectord::config {
namespace {

// A document whose first [[signing]] begins in line 4.
std::string signing(const std::string& lines) {
  return with_server("[[signing]]\n" + lines);
}

const std::string good = "domain = \"*.Example.net\"\nselector = \"S1\"\nkey_file = \"/etc/k.pem\"\n";

TEST(ConfigSigning, IsReadAsItStands) {
  const Loaded loaded = parse_text(signing(good + "headers = [\"From\", \"X-Mine\"]\n"));
  ASSERT_TRUE(loaded.ok()) << listed(loaded.problems);
  ASSERT_EQ(loaded.configuration.signing.size(), 1U);
  const model::Signing& read = loaded.configuration.signing.front();
  EXPECT_EQ(read.domain.to_string(), "*.example.net");
  EXPECT_EQ(read.selector, "s1");
  EXPECT_EQ(read.key_file, "/etc/k.pem");
  EXPECT_EQ(read.headers, (std::vector<std::string>{"From", "X-Mine"}));
  EXPECT_EQ(read.location.line, 4U);
}

TEST(ConfigSigning, ThatCannotWorkIsRefused) {
  check_all({
      {"no key", signing("domain = \"example.net\"\nselector = \"s\"\n"), {4, 1, "signing.key_file", "missing"}},
      {"everybody's domain",
       signing("domain = \"*\"\nselector = \"s\"\nkey_file = \"/k\"\n"),
       {5, 10, "signing.domain", "a signature is of one"}},
      {"no selector's name",
       signing("domain = \"a.example\"\nselector = \"a b\"\nkey_file = \"/k\"\n"),
       {6, 12, "signing.selector", "is not a selector"}},
      {"a selector that ends in a dot",
       signing("domain = \"a.example\"\nselector = \"a.\"\nkey_file = \"/k\"\n"),
       {6, 12, "signing.selector", "is not a selector"}},
      {"a relative path",
       signing("domain = \"a.example\"\nselector = \"a\"\nkey_file = \"k.pem\"\n"),
       {7, 12, "signing.key_file", "begins with /"}},
      {"From is left out", signing(good + "headers = [\"Subject\"]\n"), {8, 11, "signing.headers", "RFC 6376, 5.4"}},
      {"a field that changes on the way",
       signing(good + "headers = [\"from\", \"Return-Path\"]\n"),
       {8, 20, "signing.headers", "would break the signature"}},
      {"a field of ARC",
       signing(good + "headers = [\"from\", \"ARC-Seal\"]\n"),
       {8, 20, "signing.headers", "would break the signature"}},
      {"no field's name", signing(good + "headers = [\"from:to\"]\n"), {8, 12, "signing.headers", "letters, digits"}},
      {"our tag",
       signing(good + "headers = [\"From\", \"x-connector\"]\n"),
       {4, 1, "signing.headers", "written by connectord"}},
      {"one selector twice",
       signing(good + "[[signing]]\n" + good),
       {8, 1, "signing.selector", "at test.toml:4:1; give each key a selector of its own"}},
      {"two keys at one name",
       signing(good + "[[signing]]\ndomain = \"example.net\"\nselector = \"s1\"\nkey_file = \"/etc/other.pem\"\n"),
       {8, 1, "signing.key_file", "its record in DNS holds one"}},
      {"no milter",
       "[server]\npolicy = \"unix:/p\"\n[[signing]]\n" + good,
       {3, 1, "signing", "only a milter sees the message"}},
  });
}

TEST(ConfigSealing, IsReadAsItStandsAndNeedsArc) {
  const std::string key = "selector = \"Arc1\"\nkey_file = \"/etc/k.pem\"\n";
  const std::string arc = "[authentication]\narc = true\n";
  const Loaded loaded = parse_text(with_server(arc + "[sealing]\ndomain = \"Example.net\"\n" + key));
  ASSERT_TRUE(loaded.ok()) << listed(loaded.problems);
  ASSERT_TRUE(loaded.configuration.sealing);
  EXPECT_EQ(loaded.configuration.sealing->domain.name(), "example.net");
  EXPECT_EQ(loaded.configuration.sealing->selector, "arc1");
  check_all({
      {"no arc",
       with_server("[sealing]\ndomain = \"example.net\"\n" + key),
       {4, 1, "sealing", "[authentication] does not look; write arc = true there"}},
      {"several domains",
       with_server(arc + "[sealing]\ndomain = \"*.example.net\"\n" + key),
       {7, 10, "sealing.domain", "a seal is of one domain; write \"example.net\""}},
      {"another key at the same name",
       with_server(arc + "[sealing]\ndomain = \"example.net\"\n" + key + "[[signing]]\ndomain = \"example.net\"\n" +
                   "selector = \"arc1\"\nkey_file = \"/etc/other.pem\"\n"),
       {6, 1, "sealing.key_file", "its record in DNS holds one"}},
  });
}

TEST(ConfigSigning, MayUseOneKeyForADomainAndForAllBelowIt) {
  const Loaded loaded = parse_text(
      signing(good + "[[signing]]\ndomain = \"example.net\"\nselector = \"s1\"\nkey_file = \"/etc/k.pem\"\n"));
  EXPECT_TRUE(loaded.problems.empty()) << listed(loaded.problems);
}

TEST(ConfigSigning, TellsOfGatewaysThatAreTakenForHostsOfOurs) {
  const auto gateway = [](const std::string& scenario) {
    return "[[inbound]]\nname = \"gateway\"\nscenario = \"" + scenario +
           "\"\nidentify = { client_networks = [\"192.0.2.10\"] }\n[inbound.enhanced_filtering]\nskip_last = true\n";
  };
  check_all({{"on-premises",
              signing(good + gateway("on-premises")),
              {8, 1, "inbound.scenario", "\"gateway\" looks through gateways", warning}}});
  EXPECT_TRUE(parse_text(signing(good + gateway("internet"))).problems.empty());
  EXPECT_TRUE(parse_text(with_server(gateway("on-premises"))).problems.empty()) << "nothing is signed";
}

TEST(ConfigSigning, SignsForwardedMailOnlyOnRequest) {
  EXPECT_FALSE(parse_text(signing(good)).configuration.signing.front().forwarded);
  EXPECT_TRUE(parse_text(signing(good + "forwarded = true\n")).configuration.signing.front().forwarded);
}

}  // namespace
}  // namespace connectord::config
