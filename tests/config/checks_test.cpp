#include <gtest/gtest.h>

#include "problem_cases.h"

namespace connectord::config {
namespace {

// The connector's lines after its name begin in line 6.
std::string connector(std::string_view lines) {
  return with_server("[[inbound]]\nname = \"a\"\n" + std::string(lines) + "\n");
}

std::string listeners(std::string_view milter, std::string_view policy) {
  return "[server]\nmilter = \"" + std::string(milter) + "\"\npolicy = \"" + std::string(policy) + "\"\n";
}

TEST(ConfigChecks, AConnectorMustHaveANameAScenarioAndSomethingToIdentifyMailBy) {
  check_all({
      {"name",
       with_server("[[inbound]]\nscenario = \"internet\"\nidentify = { sender_domains = [\"*\"] }\n"),
       {4, 1, "inbound.name", "is missing; write name = \"contoso\""}},
      {"scenario",
       connector("identify = { sender_domains = [\"*\"] }"),
       {4, 1, "inbound.scenario", "is missing; write scenario = \"partner\", \"on-premises\" or \"internet\""}},
      {"identify",
       connector("scenario = \"internet\""),
       {4, 1, "inbound.identify", "no mail could ever match this connector; write"}},
      {"empty identify",
       connector("scenario = \"internet\"\n[inbound.identify]"),
       {7, 1, "inbound.identify", "no mail could ever match"}},
      {"empty certificate",
       connector("scenario = \"internet\"\nidentify = { certificate = {} }"),
       {7, 28, "inbound.identify.certificate", "any certificate would do"}},
  });
}

TEST(ConfigChecks, ANameMayStandOnceOnly) {
  const std::string rest = "scenario = \"internet\"\nidentify = { sender_domains = [\"*\"] }\n";
  check_all({
      {"twice",
       connector(rest) + "[[inbound]]\nname = \"a\"\n" + rest,
       {9, 1, "inbound.name", "there is a connector \"a\" already, at test.toml:4:1"}},
      {"in another case",
       connector(rest) + "[[inbound]]\nname = \"A\"\n" + rest,
       {9, 1, "inbound.name", "differs from \"a\" at test.toml:4:1 in case only", warning}},
  });
}

TEST(ConfigChecks, MailOfOursGoesToAnAddress) {
  check_all({
      {"a unix socket",
       with_server("[validation]\nmail_through = \"unix:/run/mail\"\n"),
       {5, 16, "validation.mail_through", "must be an address and a port; write \"inet:127.0.0.1:25\""}},
      {"a name where it was before",
       with_server("[validation]\nmail_through = \"inet:localhost:25\"\n"),
       {5, 16, "validation.mail_through", "must be an address and a port"}},
      {"a name",
       "[server]\nmilter = \"unix:/m\"\nmail_through = \"inet:localhost:25\"\n",
       {3, 16, "server.mail_through", "must be an address and a port; write \"inet:127.0.0.1:25\""}},
      {"an address where it was before",
       with_server("[validation]\nmail_through = \"inet:127.0.0.1:26\"\n"),
       {5, 16, "validation.mail_through",
        "is a key of [server] now, and counts where that is not there; write mail_through = \"inet:127.0.0.1:26\" "
        "there",
        warning}},
      {"too often", with_server("[validation]\nevery = \"1m\"\n"), {5, 9, "validation.every", ""}},
  });
}

TEST(ConfigChecks, ReportsNeedASenderATraceAndResults) {
  const std::string wanted = "[reports]\ndmarc = true\n";
  const std::string sender = "sender = \"dmarc@example.net\"\n";
  const std::string trace = "[trace]\nstore = \"sqlite:/t\"\n";
  const std::string signing = "[[signing]]\ndomain = \"example.net\"\nselector = \"s\"\nkey_file = \"/k\"\n";
  check_all({
      {"no sender",
       with_server(wanted + trace),
       {1, 1, "reports.sender", "is missing; write sender = \"dmarc-reports@…\" in [reports]"}},
      {"no trace",
       with_server(wanted + sender + signing),
       {1, 1, "reports.dmarc", "reports are made from the trace, and none is kept; write store = "}},
      {"no results",
       with_server("[authentication]\ndmarc = \"off\"\n" + wanted + sender + trace + signing),
       {1, 1, "reports.dmarc", "there is nothing to report while DMARC is not looked at; write dmarc = "}},
      {"no signature",
       with_server(wanted + sender + trace),
       {1, 1, "reports.sender",
        "no [[signing]] is for example.net, so reports are not signed, and who gets them may refuse them; make a key "
        "with: connectorctl dkim new example.net",
        warning}},
  });
}

TEST(ConfigChecks, DeliveryByDaneNeedsAResolverOnThisMachine) {
  const std::string socketmap = "[server]\nmilter = \"unix:/run/m\"\nsocketmap = \"unix:/run/s\"\n";
  const std::string elsewhere = "[dns]\nservers = [\"127.0.0.1\", \"192.0.2.53\"]\n";
  const std::string connector =
      "[[outbound]]\nname = \"a\"\nscenario = \"partner\"\nrecipient_domains = [\"a.example\"]\n";
  check_all({
      {"elsewhere",
       socketmap + elsewhere + "[delivery]\ndane = true\n",
       {1, 1, "dns.servers",
        "DANE needs a resolver on this machine that validates DNSSEC, and 192.0.2.53 is none; run"}},
      {"elsewhere, by a connector",
       socketmap + elsewhere + connector + "tls = { dane = \"opportunistic\" }\n",
       {6, 1, "dns.servers", "and 192.0.2.53 is none"}},
      {"nobody can ask",
       with_server("[delivery]\nmta_sts = true\n"),
       {1, 1, "server.socketmap", "no mail server can ask how mail must be protected; write socketmap = ", warning}},
      {"nothing to report of",
       socketmap + "[delivery]\ntlsrpt = true\n",
       {1, 1, "delivery.tlsrpt", "has nothing to tell Postfix", warning}},
  });
}

TEST(ConfigChecks, WhatADestinationPublishesMustFitWhatTheConnectorAsksFor) {
  const auto asking = [](const std::string& tls, const std::string& hosts = {}) {
    return "[server]\nmilter = \"unix:/run/m\"\nsocketmap = \"unix:/run/s\"\n[[outbound]]\nname = \"a\"\n"
           "scenario = \"partner\"\nrecipient_domains = [\"a.example\"]\nroute = {" +
           hosts + "}\ntls = { " + tls + " }\n";
  };
  const std::string host = " smart_hosts = [\"[mx.a.example]\"] ";
  check_all({
      {"mandatory beside a level",
       asking("level = \"verify\", dane = \"mandatory\""),
       {9, 34, "outbound.tls.dane", "does not go with level = \"verify\"; leave one of them out"}},
      {"opportunistic beside a level",
       asking("level = \"verify\", dane = \"opportunistic\""),
       {9, 34, "outbound.tls.dane", "has no effect beside level = \"verify\", which counts before it", warning}},
      {"none beside dane",
       asking("level = \"dane\", dane = \"none\""),
       {9, 32, "outbound.tls.dane", "does not go with level = \"dane\""}},
      {"none beside sts",
       asking("level = \"sts\", mta_sts = \"none\""),
       {9, 34, "outbound.tls.mta_sts", "does not go with level = \"sts\""}},
      {"a policy beside mandatory records",
       asking("dane = \"mandatory\", mta_sts = \"opportunistic\""),
       {9, 39, "outbound.tls.mta_sts", "has no effect beside what is asked for", warning}},
      {"a policy of a single host",
       asking("level = \"sts\"", host),
       {9, 7, "outbound.tls.level", "there is no MTA-STS policy for the single host [mx.a.example]; write a domain"}},
      {"perhaps a policy of a single host",
       asking("mta_sts = \"opportunistic\"", host),
       {9, 7, "outbound.tls.mta_sts", "there is no MTA-STS policy for the single host [mx.a.example]", warning}},
      {"no word of it",
       asking("dane = \"always\""),
       {9, 16, "outbound.tls.dane", "write \"none\", \"opportunistic\" or \"mandatory\""}},
  });
}

TEST(ConfigChecks, WhatIsRequiredMustBeLookedAt) {
  const std::string begin =
      "[[inbound]]\nname = \"a\"\nscenario = \"partner\"\nidentify = { sender_domains = [\"a.example\"] }\n"
      "[inbound.require]\n";
  const std::string milter = "[server]\nmilter = \"unix:/run/m\"\n";
  check_all({
      {"spf",
       milter + "[authentication]\nspf = false\n" + begin + "spf = \"pass\"\n",
       {5, 1, "inbound.require.spf", "[authentication] switches it off; write spf = true there"}},
      {"dkim",
       milter + "[authentication]\ndkim = false\n" + begin + "dkim = \"pass\"\n",
       {5, 1, "inbound.require.dkim", "write dkim = true there"}},
      {"alignment",
       milter + "[authentication]\ndmarc = \"off\"\n" + begin + "dkim = \"aligned\"\n",
       {5, 1, "inbound.require.dkim", "which finds alignment"}},
      {"dmarc",
       milter + "[authentication]\ndmarc = \"off\"\n" + begin + "dmarc = \"pass\"\n",
       {5, 1, "inbound.require.dmarc", "write dmarc = \"report\""}},
      {"without a milter",
       "[server]\npolicy = \"unix:/run/p\"\n" + begin + "spf = \"pass\"\n",
       {3, 1, "inbound.require.spf", "only a milter sees the message"}},
      {"sealers",
       milter + "[authentication]\narc_trusted_sealers = [\"a.example\"]\n",
       {1, 1, "authentication.arc_trusted_sealers", "arc = true only"}},
  });
}

TEST(ConfigChecks, WhatNeedsTlsMustAskForTls) {
  const std::string begin =
      "scenario = \"partner\"\nidentify = { sender_domains = [\"a.example\"] }\n[inbound.require]\n";
  check_all({
      {"version",
       connector(begin + "tls_version = \"TLSv1.2\""),
       {9, 15, "inbound.require.tls_version", "write tls = true in [inbound.require]"}},
      {"certificate",
       connector(begin + "certificate = { subject = \"a.example\" }"),
       {9, 15, "inbound.require.certificate", "write tls = true in [inbound.require]"}},
      {"certificate table",
       connector(begin + "tls = false\n[inbound.require.certificate]\nsubject = \"a.example\""),
       {10, 1, "inbound.require.certificate", "write tls = true"}},
  });
}

TEST(ConfigChecks, AListenerMayStandOnceOnly) {
  check_all({
      {"path",
       listeners("unix:/run/a.sock", "unix:/run/a.sock"),
       {3, 10, "server.policy", "is taken already by server.milter = \"unix:/run/a.sock\" in line 2"}},
      {"path written otherwise",
       listeners("unix:/run/a.sock", "unix:/run//x/../a.sock"),
       {3, 10, "server.policy", "is taken already"}},
      {"port", listeners("inet:127.0.0.1:8891", "inet:127.0.0.1:8891"), {3, 10, "server.policy", "is taken already"}},
      {"port of all addresses",
       listeners("inet:0.0.0.0:8891", "inet:127.0.0.1:8891"),
       {3, 10, "server.policy", "is taken already"}},
      {"localhost",
       listeners("inet:localhost:8891", "inet:127.0.0.1:8891"),
       {3, 10, "server.policy", "is taken already"}},
      {"IPv6 written otherwise",
       listeners("inet:[2001:db8::1]:8891", "inet:[2001:db8:0::1]:8891"),
       {3, 10, "server.policy", "is taken already"}},
  });
  const Loaded apart = parse_text(listeners("inet:127.0.0.1:8891", "inet:127.0.0.2:8891"));
  EXPECT_TRUE(apart.problems.empty()) << listed(apart.problems);
}

TEST(ConfigChecks, WithoutAListenerThereIsAWarning) {
  check_all({
      {"no table", "[log]\nformat = \"json\"\n", {1, 1, "server", "there is no listener", warning}},
      {"no key", "[server]\nuser = \"x\"\n", {1, 1, "server", "there is no listener", warning}},
  });
}

TEST(ConfigChecks, FingerprintsNeedThePolicyService) {
  const std::string print = "sha256:" + std::string(64, 'a');
  const std::string text =
      "[server]\nmilter = \"unix:/run/m.sock\"\n[[inbound]]\nname = \"a\"\nscenario = \"internet\"\n"
      "identify = { certificate = { fingerprints = [\"" +
      print + "\"] } }\n";
  check_all({{"milter only",
              text,
              {6, 28, "server.policy", "by 1 connector), and Postfix tells them to a policy service only", warning}}});
}

TEST(ConfigChecks, WhatCanNeverBeAcceptedIsAnError) {
  const std::string begin =
      "scenario = \"partner\"\nidentify = { client_networks = [\"192.0.2.0/25\", \"2001:db8::/32\"] }\n";
  check_all({
      {"apart",
       connector(begin + "require = { client_networks = [\"192.0.2.128/25\", \"198.51.100.7\"] }"),
       {8, 31, "inbound.require.client_networks",
        "no mail of \"a\" could be accepted: it is identified by 192.0.2.0/25, 2001:db8::/32 only"}},
  });
  for (const std::string_view required : {"192.0.2.0/24", "192.0.2.127", "2001:db8:1::1", "0.0.0.0/0"}) {
    const Loaded loaded =
        parse_text(connector(begin + "require = { client_networks = [\"" + std::string(required) + "\"] }"));
    EXPECT_TRUE(loaded.problems.empty()) << listed(loaded.problems);
  }
}

TEST(ConfigChecks, WhatIsProbablyNotMeantIsAWarning) {
  check_all({
      {"partner without restrictions",
       connector("scenario = \"partner\"\nidentify = { sender_domains = [\"a.example\"] }"),
       {4, 1, "inbound.require", "partner \"a\" requires nothing", warning}},
      {"trust by sender",
       connector("scenario = \"on-premises\"\ntrusted_path = true\nidentify = { sender_domains = [\"a.example\"] }"),
       {7, 16, "inbound.trusted_path", "trust counts only", warning}},
      {"skip listing by sender",
       connector("scenario = \"internet\"\nenhanced_filtering = { skip_last = true }\n"
                 "identify = { sender_domains = [\"a.example\"] }"),
       {7, 22, "inbound.enhanced_filtering", "has no effect: anybody can write a sender's domain", warning}},
      {"no domains of ours",
       with_server("[organization]\nreject_direct_send = true\n"),
       {5, 22, "organization.reject_direct_send", "has no effect", warning}},
      {"entry twice",
       connector(
           "scenario = \"internet\"\nidentify = { sender_domains = [\"a.example\", \"b.example\",\n \"A.example\"] }"),
       {8, 2, "inbound.identify.sender_domains", "\"A.example\" stands in the list already, in line 7", warning}},
  });
}

TEST(ConfigChecks, LongListsAreCheckedForRepetitionsToo) {
  std::string list;
  for (int i = 0; i < 50'000; ++i)
    list += "\"10." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".0/24\", ";
  const Loaded loaded = parse_text(
      connector("scenario = \"internet\"\nidentify = { client_networks = [" + list + "\"10.3.4.0-10.3.4.255\"] }"));
  ASSERT_EQ(loaded.problems.size(), 1U);
  EXPECT_EQ(loaded.problems[0].severity, warning);
  EXPECT_TRUE(loaded.ok());
}

// A document of the default listeners but for these lines, with a pinned certificate in line 7 of it or a signature.
std::string over_tcp(const std::string& lines, const std::string& rest) {
  return "[server]\n" + lines + rest;
}

TEST(ConfigChecks, FingerprintsAndSigningOverTcpNeedClientsThatAreNamed) {
  const std::string pinned =
      "[[inbound]]\nname = \"a\"\nscenario = \"internet\"\n[inbound.identify]\n"
      "certificate = { fingerprints = [\"sha256:" +
      std::string(64, 'a') + "\"] }\n";
  const std::string signing = "[[signing]]\ndomain = \"example.net\"\nselector = \"s\"\nkey_file = \"/k\"\n";
  const std::string policy = "milter = \"unix:/m\"\npolicy = \"inet:127.0.0.1:8892\"\n";
  const std::string milter = "milter = \"inet:127.0.0.1:8891\"\n";
  const std::string clients = "inet_clients = [\"192.0.2.0/28\", \"127.0.0.0/8\"]\n";
  check_all({
      {"fingerprints",
       over_tcp(policy, pinned),
       {8, 15, "server.inet_clients", "whoever can connect to inet:127.0.0.1:8892 may say that a client showed"}},
      {"fingerprints that are required",
       over_tcp(policy,
                "[[inbound]]\nname = \"a\"\nscenario = \"internet\"\nidentify = { client_networks = "
                "[\"192.0.2.1\"] }\n[inbound.require]\ntls = true\ncertificate = { fingerprints = [\"sha256:" +
                    std::string(64, 'a') + "\"] }\n"),
       {10, 15, "server.inet_clients", "inet_clients = [\"192.0.2.25\"]"}},
      {"signing",
       over_tcp(milter, signing),
       {3, 1, "server.inet_clients", "whoever can connect to inet:127.0.0.1:8891 may have any message signed as ours"}},
      {"fingerprints, and what it means",
       over_tcp(policy + clients, pinned),
       {9, 15, "server.inet_clients", "which is what you say you trust (192.0.2.0/28, 127.0.0.0/8)", warning}},
      {"signing, and what it means",
       over_tcp(milter + clients, signing),
       {4, 1, "server.inet_clients", "every user and program there", warning}},
      {"a list for nothing",
       over_tcp("milter = \"unix:/m\"\n" + clients, ""),
       {1, 1, "server.inet_clients", "has no effect", warning}},
      {"a listener for others, without a list",
       over_tcp("milter = \"inet:0.0.0.0:8891\"\n", ""),
       {1, 1, "server.inet_clients", "may connect to inet:0.0.0.0:8891; name the machines", warning}},
      {"no network",
       over_tcp(milter + "inet_clients = [\"example.net\"]\n", ""),
       {3, 17, "server.inet_clients", "is not an IP address"}},
  });
  for (const std::string& text :
       {over_tcp(milter, ""), over_tcp(milter + clients, ""), over_tcp("milter = \"unix:/m\"\n", signing),
        over_tcp("policy = \"inet:192.0.2.5:8892\"\nmilter = \"unix:/m\"\n" + clients, ""),
        over_tcp(policy,
                 "[[inbound]]\nname = \"a\"\nscenario = \"internet\"\nenabled = false\nidentify = { "
                 "certificate = { fingerprints = [\"sha256:" +
                     std::string(64, 'a') + "\"] } }\n")}) {
    const Loaded loaded = parse_text(text);
    EXPECT_TRUE(loaded.problems.empty()) << text << listed(loaded.problems);
  }
}

TEST(ConfigChecks, ASenderDomainWithoutADotIsToldOf) {
  check_all({{"identify",
              with_server("[[inbound]]\nname = \"a\"\nscenario = \"internet\"\n[inbound.identify]\nsender_domains = "
                          "[\"contoso.com\", \"mail\"]\n"),
              {8, 18, "inbound.identify.sender_domains", "\"mail\" has no dot", warning}}});
}

}  // namespace
}  // namespace connectord::config
