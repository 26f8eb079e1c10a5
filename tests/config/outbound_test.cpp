#include <gtest/gtest.h>

#include "problem_cases.h"

namespace connectord::config {
namespace {

constexpr std::string_view all_listeners =
    "[server]\nmilter = \"unix:/run/m.sock\"\nsocketmap = \"unix:/run/s.sock\"\n";

// The connector begins in line 4, and the lines after its scenario in line 7.
std::string outbound_connector(std::string_view lines) {
  return std::string(all_listeners) + "[[outbound]]\nname = \"a\"\nscenario = \"partner\"\n" + std::string(lines) +
         "\n";
}

std::string with_route(std::string_view route) {
  return outbound_connector("recipient_domains = [\"contoso.com\"]\n[outbound.route]\n" + std::string(route));
}

std::string with_tls(std::string_view tls) {
  return outbound_connector("recipient_domains = [\"contoso.com\"]\n[outbound.tls]\n" + std::string(tls));
}

TEST(ConfigOutbound, ReadsAllThatAConnectorMaySay) {
  const Loaded loaded = parse_text(outbound_connector(
      "enabled = false\ncomment = \"x\"\nrecipient_domains = [\"Contoso.COM\", \"*.bücher.example\", \"*\"]\n"
      "split_recipients = true\n[outbound.route]\n"
      "smart_hosts = [\"[MX1.contoso.com]:25\", \"[192.0.2.1]\", \"[2001:DB8:0::1]:587\", \"contoso.com\", "
      "\"x.example:26\"]\n"
      "[outbound.tls]\nlevel = \"match\"\nmatch = [\"MX.contoso.com\", \".Contoso.com\"]\nversion = \"TLSv1.2\"\n"
      "ca_file = \"/etc/ssl/ca.pem\"\n[organization]\naccepted_domains = [\"example.net\"]"));
  ASSERT_TRUE(loaded.problems.empty()) << listed(loaded.problems);
  const model::OutboundConnector& read = loaded.configuration.outbound.at(0);
  EXPECT_FALSE(read.enabled);
  EXPECT_TRUE(read.split_recipients);
  ASSERT_EQ(read.recipient_domains.size(), 3U);
  EXPECT_EQ(read.recipient_domains[0].to_string(), "contoso.com");
  EXPECT_EQ(read.recipient_domains[1].to_string(), "*.xn--bcher-kva.example");
  std::vector<std::string> hosts;
  for (const model::SmartHost& host : read.route.smart_hosts) hosts.push_back(to_string(host));
  EXPECT_EQ(hosts, (std::vector<std::string>{"[mx1.contoso.com]:25", "[192.0.2.1]", "[2001:db8::1]:587", "contoso.com",
                                             "x.example:26"}));
  ASSERT_TRUE(read.tls);
  EXPECT_EQ(read.tls->match, (std::vector<std::string>{"mx.contoso.com", ".contoso.com"}));
  EXPECT_EQ(read.tls->version, model::TlsVersion::tls1_2);
  EXPECT_EQ(read.tls->ca_file, "/etc/ssl/ca.pem");
}

TEST(ConfigOutbound, AConnectorMustBeForSomething) {
  check_all({
      {"nothing",
       outbound_connector(""),
       {4, 1, "outbound.recipient_domains",
        "is missing, so no mail would leave by this connector; write recipient_domains = [\"contoso.com\"], or [\"*\"] "
        "for all mail that leaves"}},
      {"rules",
       outbound_connector("rule_scoped = true"),
       {4, 1, "outbound.rule_scoped",
        "no rule that is enabled, and more than an audit, names \"a\", so no mail leaves by it; write a [[rule]] with "
        "do = \"route\", or leave rule_scoped out "
        "to choose by recipient_domains",
        warning}},
      {"no such tag",
       outbound_connector(
           "inbound_connectors = [\"hybird\"]\n[[inbound]]\nname = \"hybrid\"\nscenario = \"internet\"\nidentify "
           "= { sender_domains = [\"*\"] }"),
       {4, 1, "outbound.inbound_connectors", "there is no inbound connector \"hybird\"; did you mean \"hybrid\"?"}},
      {"no tag at all",
       outbound_connector("inbound_connectors = [\"hybrid\"]"),
       {4, 1, "outbound.inbound_connectors", "write the name of an [[inbound]] connector"}},
  });
}

TEST(ConfigOutbound, SendersAreOneWayToSayWhoseMailItIs) {
  const std::string hosts = "[outbound.route]\nsmart_hosts = [\"[a.example]\"]";
  check_all({
      {"a sender and a rule",
       outbound_connector("senders = [\"a@example.net\"]\nrule_scoped = true\n" + hosts),
       {7, 11, "outbound.senders",
        "is not asked together with rule_scoped: a rule has the condition sender; leave one of them out"}},
      {"a sender and a tag",
       outbound_connector("sender_domains = [\"example.net\"]\ninbound_connectors = [\"hybrid\"]\n" + hosts),
       {7, 18, "outbound.sender_domains", "is not asked together with inbound_connectors"}},
      {"a sender and no host",
       outbound_connector("sender_domains = [\"example.net\"]"),
       {7, 18, "outbound.sender_domains",
        "alone needs smart hosts, since without them the mail takes the mail server's own way; write smart_hosts in "
        "[outbound.route], or recipient_domains too"}},
      {"no address", outbound_connector("senders = [\"example.net\"]\n" + hosts), {7, 12, "outbound.senders", "no"}},
      {"sender and destination without a milter",
       "[server]\npolicy = \"unix:/run/p.sock\"\nsocketmap = \"unix:/run/s.sock\"\n[[outbound]]\nname = "
       "\"a\"\nscenario = "
       "\"partner\"\nrecipient_domains = [\"contoso.com\"]\nsenders = [\"a@example.net\"]\n",
       {4, 1, "server.milter",
        "only the milter knows both sender and recipient, so nothing leaves by \"a\"; write milter in [server], or "
        "leave "
        "out its senders or its recipient_domains",
        warning}},
  });
  const Loaded good = parse_text(
      outbound_connector("senders = [\"Shop@Example.net\"]\nsender_domains = [\"*.example.org\"]\n" + hosts));
  EXPECT_TRUE(good.problems.empty()) << listed(good.problems);
  EXPECT_TRUE(good.configuration.outbound.at(0).is_by_sender_alone());
  const Loaded both =
      parse_text(outbound_connector("senders = [\"a@example.net\"]\nrecipient_domains = [\"contoso.com\"]"));
  EXPECT_TRUE(both.problems.empty()) << listed(both.problems);
  EXPECT_FALSE(both.configuration.outbound.at(0).is_by_sender_alone());
}

TEST(ConfigOutbound, ImplicitTlsIsForAllSmartHostsOrNone) {
  check_all(
      {{"both",
        with_route("smart_hosts = [\"smtps:[a.example]\", \"[b.example]:587\"]"),
        {9, 15, "outbound.route.smart_hosts",
         "has hosts with \"smtps:\" and without, which no delivery service of a mail server can have both; write it "
         "before all of them, or make two connectors"}}});
  const Loaded good = parse_text(with_route("smart_hosts = [\"smtps:[a.example]\", \"smtps:[2001:db8::1]:4465\"]"));
  ASSERT_TRUE(good.problems.empty()) << listed(good.problems);
  const model::OutboundConnector& read = good.configuration.outbound.at(0);
  EXPECT_TRUE(read.has_implicit_tls());
  EXPECT_TRUE(read.needs_own_service());
  EXPECT_EQ(to_string(read.route.smart_hosts[0]), "[a.example]:465");
  EXPECT_EQ(configured_text(read.route.smart_hosts[1]), "smtps:[2001:db8::1]:4465");
}

TEST(ConfigOutbound, ACertificateOfOursHasAKey) {
  check_all({
      {"no key",
       with_tls("certificate = \"/a.pem\""),
       {9, 15, "outbound.tls.certificate", "is of no use without key; write both"}},
      {"no certificate",
       with_tls("key = \"/a.key\""),
       {9, 7, "outbound.tls.key", "is of no use without certificate; write both"}},
      {"another option of master.cf",
       with_tls("certificate = \"/a.pem\"\nkey = \"/a.key -o x=y\""),
       {10, 7, "outbound.tls.key",
        "has a character in its name that Postfix takes for something else; rename the file"}},
      {"a comma",
       with_tls("certificate = \"/a,b.pem\"\nkey = \"/a.key\""),
       {9, 15, "outbound.tls.certificate",
        "has a character in its name that Postfix takes for something else; rename the file"}},
  });
  const Loaded good = parse_text(with_tls("certificate = \"/a.pem\"\nkey = \"/a.key\""));
  EXPECT_TRUE(good.problems.empty()) << listed(good.problems);
  EXPECT_TRUE(good.configuration.outbound.at(0).needs_own_service());
}

TEST(ConfigOutbound, ASmartHostIsWrittenAsPostfixHasIt) {
  for (const char* bad :
       {"", "[]", "[a.example", "a.example]", "[a.example]:", "[a.example]:0", "[a.example]:65536", "[a.example]:25:26",
        "a b.example", "smtp:[a.example]", "[a.example]25", "2001:db8::1", "a..example"}) {
    const Loaded loaded = parse_text(with_route("smart_hosts = [\"" + std::string(bad) + "\"]"));
    EXPECT_FALSE(loaded.ok()) << bad;
  }
  check_all({{"an address alone",
              with_route("smart_hosts = [\"2001:db8::1\"]"),
              {9, 16, "outbound.route.smart_hosts",
               "is not a smart host; write \"[host]:port\", or \"domain:port\" to look up its MX records"}}});
}

TEST(ConfigOutbound, CredentialsAreForOneHostOnly) {
  const std::string secret = "credentials = \"/etc/secret\"\n";
  check_all({
      {"MX",
       with_route(secret),
       {9, 15, "outbound.route.credentials",
        "would be shown to whatever host the recipient's MX records name; write smart_hosts too"}},
      {"a domain that may be a host",
       with_route(secret + "smart_hosts = [\"relay.example\"]"),
       {9, 15, "outbound.route.credentials",
        "could be shown to a host \"relay.example\" on whatever way mail gets there; write the smart host as "
        "\"[relay.example]\" or \"relay.example:25\""}},
      {"inet",
       "[server]\nmilter = \"unix:/run/m.sock\"\nsocketmap = \"inet:127.0.0.1:2500\"\n[[outbound]]\nname = "
       "\"a\"\nscenario = \"partner\"\nrecipient_domains = [\"contoso.com\"]\n[outbound.route]\n" +
           secret + "smart_hosts = [\"[a.example]\"]\n",
       {4, 1, "outbound.route.credentials",
        "passwords are handed out over a unix socket only, since anybody on this host can ask an inet listener; write "
        "socketmap = \"unix:…\" in [server]"}},
  });
  const Loaded good = parse_text(with_route(secret + "smart_hosts = [\"[a.example]\", \"b.example:587\"]"));
  EXPECT_TRUE(good.problems.empty()) << listed(good.problems);
}

TEST(ConfigOutbound, TlsAsksForWhatPostfixCanDo) {
  check_all({
      {"match without names",
       with_tls("level = \"match\""),
       {8, 1, "outbound.tls.match",
        "is missing; write the names that the certificate may have, such as match = [\"mx.contoso.com\"]"}},
      {"names without match",
       with_tls("level = \"verify\"\nmatch = [\"a.example\"]"),
       {10, 9, "outbound.tls.match", "is compared with level = \"match\" only; write that, or leave match out"}},
      {"a word of Postfix's",
       with_tls("level = \"match\"\nmatch = [\"hostname\"]"),
       {10, 9, "outbound.tls.match", "\"hostname\" means something else to Postfix; write a whole name"}},
      {"authorities nobody looks at",
       with_tls("level = \"require\"\nca_file = \"/ca.pem\""),
       {10, 11, "outbound.tls.ca_file",
        "has no meaning where no chain is checked; write level = \"verify\" or \"match\", or leave ca_file out"}},
      {"authorities of dane",
       with_tls("level = \"dane\"\nca_file = \"/ca.pem\""),
       {10, 11, "outbound.tls.ca_file", "no meaning"}},
      {"a file name with a space",
       with_tls("level = \"verify\"\nca_file = \"/my ca.pem\""),
       {10, 11, "outbound.tls.ca_file",
        "has a space or a comma in its name, which no TLS policy of Postfix can have; rename the file"}},
      {"a version and clear text",
       with_tls("version = \"TLSv1.2\""),
       {9, 11, "outbound.tls.version",
        "mail leaves in the clear if the server has no such version; write level = \"require\" to forbid it", warning}},
      {"a certificate for an address",
       with_route("smart_hosts = [\"[192.0.2.1]:25\"]\n[outbound.tls]\nlevel = \"verify\""),
       {10, 1, "outbound.tls.level",
        "the certificate of [192.0.2.1]:25 must have that very address, as hardly any has; write its name, or level = "
        "\"match\"",
        warning}},
      {"TLSA of an address",
       with_route("smart_hosts = [\"[2001:db8::1]\"]\n[outbound.tls]\nlevel = \"dane\""),
       {10, 1, "outbound.tls.level",
        "there are no TLSA records for an address; write the name of the smart host [2001:db8::1], or another level"}},
  });
}

TEST(ConfigOutbound, WhatItNeedsOfTheRestIsToldOnce) {
  const std::string outbound =
      "[[outbound]]\nname = \"a\"\nscenario = \"partner\"\nrecipient_domains = [\"contoso.com\"]\n";
  const std::string hybrid =
      "[[inbound]]\nname = \"hybrid\"\nscenario = \"internet\"\nidentify = { sender_domains = [\"*\"] }\n";
  check_all({
      {"no socketmap",
       with_server(outbound +
                   "[[outbound]]\nname = \"b\"\nscenario = \"partner\"\nrecipient_domains = [\"b.example\"]\n"),
       {4, 1, "server.socketmap",
        "no mail server can ask for routes and TLS policies of outbound connectors; write socketmap = "
        "\"unix:/var/spool/postfix/connectord/socketmap.sock\" in [server], or use connectorctl maps",
        warning}},
      {"own domains",
       outbound_connector("recipient_domains = [\"*\"]"),
       {4, 1, "organization.accepted_domains", "without it \"a\" takes mail for our own domains too; name them there",
        warning}},
      {"no milter",
       "[server]\npolicy = \"unix:/run/p.sock\"\nsocketmap = \"unix:/run/s.sock\"\n[[outbound]]\nname = "
       "\"a\"\nscenario = \"partner\"\ninbound_connectors = [\"hybrid\"]\n" +
           hybrid,
       {4, 1, "server.milter", "only the milter knows over which inbound connector mail came in", warning}},
      {"a name twice",
       std::string(all_listeners) + outbound +
           "[[outbound]]\nname = \"a\"\nscenario = \"partner\"\nrecipient_domains = [\"b.example\"]\n",
       {8, 1, "outbound.name", "there is a connector \"a\" already, at test.toml:4:1; give each a name of its own"}},
  });
  const Loaded shared =
      parse_text(std::string(all_listeners) + outbound +
                 "[[inbound]]\nname = \"a\"\nscenario = \"internet\"\nidentify = { sender_domains = [\"*\"] }\n");
  EXPECT_TRUE(shared.problems.empty()) << "the two directions may share a name\n" << listed(shared.problems);
}

}  // namespace
}  // namespace connectord::config
