#include <gtest/gtest.h>

#include "problem_cases.h"

namespace connectord::config {
namespace {

// Puts lines into a connector that is right otherwise; they begin in line 7.
std::string in_connector(std::string_view lines) {
  return with_server(
      "[[inbound]]\nname = \"a\"\nscenario = \"internet\"\n" + std::string(lines) +
      (lines.find("identify") == std::string_view::npos ? "\nidentify = { sender_domains = [\"*\"] }\n" : "\n"));
}

std::string in_identify(std::string_view line) {
  return in_connector("[inbound.identify]\n" + std::string(line));
}

std::string in_require(std::string_view lines) {
  return in_connector("[inbound.identify]\nsender_domains = [\"*\"]\n[inbound.require]\n" + std::string(lines));
}

std::string in_certificate(std::string_view line) {
  return in_connector("[inbound.identify.certificate]\n" + std::string(line));
}

TEST(ConfigErrors, AWrongTypeNamesWhatWasFoundAndWhatToWrite) {
  check_all({
      {"bool",
       in_connector("enabled = \"yes\""),
       {7, 11, "inbound.enabled", "found the string \"yes\"; write true or false"}},
      {"integer",
       in_connector("priority = 1.5"),
       {7, 12, "inbound.priority", "found the number 1.5; write an integer from 0 to 1000000"}},
      {"string",
       in_connector("comment = 4711"),
       {7, 11, "inbound.comment", "found the integer 4711; write a string, such as"}},
      {"word",
       in_connector("mode = true"),
       {7, 8, "inbound.mode", "found the boolean true; write \"enforce\" or \"audit\""}},
      {"date", in_connector("comment = 2024-02-29"), {7, 11, "inbound.comment", "found the date 2024-02-29"}},
      {"list",
       in_identify("sender_domains = \"contoso.com\""),
       {8, 18, "inbound.identify.sender_domains",
        "found the string \"contoso.com\"; write a list of domains, such as [\"example.com\"]"}},
      {"entry",
       in_identify("sender_domains = [\"a.example\", 5]"),
       {8, 32, "inbound.identify.sender_domains", "found the integer 5; write a domain, such as \"example.com\""}},
      {"table", with_server("tag = 5\n"), {4, 1, "server.tag", "it belongs in the top of the file"}},
      {"table for a value",
       with_server("user = { name = \"x\" }\n"),
       {4, 8, "server.user", "found a table; write an account's name, such as \"connectord\""}},
      {"value for a table",
       in_connector("require = true"),
       {7, 11, "inbound.require", "found the boolean true; write [inbound.require] on a line of its own"}},
      {"one table for many",
       with_server("[inbound]\nname = \"a\"\n"),
       {4, 1, "inbound", "[inbound] is one table, and there may be several; write [[inbound]] on a line of its own"}},
      {"many tables for one",
       with_server("[[log]]\nformat = \"json\"\n"),
       {4, 1, "log", "found a list of 1 table; write [log] on a line"}},
      {"a long value is shortened",
       in_connector("enabled = \"" + std::string(500, 'x') + "\""),
       {7, 11, "inbound.enabled", "xxx…\"; write true or false"}},
      {"a line break",
       in_connector("comment = \"a\\nb\""),
       {7, 11, "inbound.comment", "with a line break or another control character"}},
      {"a huge string",
       in_connector("comment = \"" + std::string(5000, 'x') + "\""),
       {7, 11, "inbound.comment", "found a string of 5000 bytes"}},
  });
}

TEST(ConfigErrors, AWrongValueNamesWhatIsAllowed) {
  const std::string sha1 = "sha256:" + std::string(40, 'a');
  check_all({
      {"word",
       in_connector("mode = \"enforced\""),
       {7, 8, "inbound.mode", "found \"enforced\"; write \"enforce\" or \"audit\" (did you mean \"enforce\"?)"}},
      {"limits",
       in_connector("priority = -1"),
       {7, 12, "inbound.priority", "found the integer -1; write an integer from 0 to 1000000"}},
      {"domain",
       in_identify("sender_domains = [\"con toso.com\"]"),
       {8, 19, "inbound.identify.sender_domains", "\"con toso.com\" is not a domain; write example.com"}},
      {"network",
       in_identify("client_networks = [\"203.0.113.5/24\"]"),
       {8, 20, "inbound.identify.client_networks", "has host bits set; the block is 203.0.113.0/24"}},
      {"TLS version",
       in_require("tls = true\ntls_version = \"1.2\""),
       {11, 15, "inbound.require.tls_version",
        "found \"1.2\"; write \"TLSv1\", \"TLSv1.1\", \"TLSv1.2\" or \"TLSv1.3\""}},
      {"fingerprint without a prefix",
       in_certificate("fingerprints = [\"" + std::string(64, 'a') + "\"]"),
       {8, 17, "inbound.identify.certificate.fingerprints",
        "write sha256:… for the certificate or spki-sha256:… for its public key"}},
      {"fingerprint by SHA-1",
       in_certificate("fingerprints = [\"" + sha1 + "\"]"),
       {8, 17, "inbound.identify.certificate.fingerprints",
        "has 40 hexadecimal digits, as SHA-1 has; write sha256:… or spki-sha256:… with 64"}},
      {"fingerprint of other characters",
       in_certificate("fingerprints = [\"sha256:xyz\"]"),
       {8, 17, "inbound.identify.certificate.fingerprints", "has other characters than hexadecimal digits"}},
      {"subject in openssl's form",
       in_certificate("subject = \"C = DE, CN = mail.contoso.com\""),
       {8, 11, "inbound.identify.certificate.subject", "write the common name alone"}},
      {"subject of any",
       in_certificate("subject = \"*\""),
       {8, 11, "inbound.identify.certificate.subject", "or leave subject out"}},
      {"empty issuer",
       in_certificate("issuer = \"\""),
       {8, 10, "inbound.identify.certificate.issuer", "names no issuer"}},
      {"connector's name",
       with_server("[[inbound]]\nname = \"a b\"\nscenario = \"internet\"\nidentify = { sender_domains = [\"*\"] }"),
       {5, 8, "inbound.name", "\"a b\" is not a connector's name"}},
      {"connector's name of dots",
       with_server("[[inbound]]\nname = \"..\"\nscenario = \"internet\"\nidentify = { sender_domains = [\"*\"] }"),
       {5, 8, "inbound.name",
        "\"..\" is not a connector's name; write 1 to 100 letters, digits, '-', '_' and '.', not "
        "dots alone"}},
      {"listener",
       "[server]\nmilter = \"/run/m.sock\"\npolicy = \"unix:/run/p.sock\"\n",
       {2, 10, "server.milter", "\"/run/m.sock\" is not a listener; write unix:/path"}},
      {"duration",
       with_server("stop_limit = \"10 s\"\n"),
       {4, 14, "server.stop_limit", "\"10 s\" is not a duration; write a whole number and ms, s, m"}},
      {"duration out of range",
       with_server("stop_limit = \"1h\"\n"),
       {4, 14, "server.stop_limit", "\"1h\" is out of range; write a duration from 0s to 10m"}},
      {"duration beyond numbers",
       with_server("stop_limit = \"9223372036854775807w\"\n"),
       {4, 14, "server.stop_limit", "is too long"}},
      {"mode",
       with_server("socket_mode = \"rw\"\n"),
       {4, 15, "server.socket_mode", "\"rw\" is not a file mode; write three octal digits"}},
      {"mode with too many bits",
       with_server("socket_mode = \"4755\"\n"),
       {4, 15, "server.socket_mode", "is not a file mode"}},
      {"user", with_server("user = \"root:root\"\n"), {4, 8, "server.user", "is not the name of a user or a group"}},
      {"authserv_id",
       with_server("authserv_id = \"mx example\"\n"),
       {4, 15, "server.authserv_id", "is not a host name"}},
      {"header",
       with_server("[tag]\nheader = \"X Connector\"\n"),
       {5, 10, "tag.header", "is not a header field's name"}},
      {"a header that mail needs",
       with_server("[tag]\nheader = \"Received\"\n"),
       {5, 10, "tag.header", "is a field that mail needs"}},
      {"empty list",
       in_identify("sender_domains = []"),
       {8, 18, "inbound.identify.sender_domains", "the list is empty; write at least one, such as [\"example.com\"]"}},
      {"trace without a store",
       with_server("[trace]\nkeep = \"90d\"\n"),
       {4, 1, "trace.store", "is missing; write store = \"sqlite:/var/lib"}},
      {"trace in no store", with_server("[trace]\nstore = \"trace.db\"\n"), {5, 9, "trace.store", "is not a store"}},
      {"no time of day",
       with_server("[reports]\nat = \"24:00\"\n"),
       {5, 6, "reports.at", "\"24:00\" is not a time of day; write \"01:00\", or up to \"23:59\""}},
      {"half a time of day", with_server("[reports]\nat = \"1:00\"\n"), {5, 6, "reports.at", "is not a time of day"}},
      {"reports of nobody", with_server("[reports]\nsender = \"dmarc\"\n"), {5, 10, "reports.sender", ""}},
      {"trace kept for too short a time",
       with_server("[trace]\nstore = \"sqlite:/a\"\nkeep = \"5s\"\n"),
       {6, 8, "trace.keep", "\"5s\" is out of range; write a duration from 1d to 3650d"}},
      {"what to do without a trace",
       with_server("[trace]\nstore = \"sqlite:/a\"\non_failure = \"reject\"\n"),
       {6, 14, "trace.on_failure", "found \"reject\"; write \"defer\" or \"accept\""}},
      {"include", with_server("include = [\"\"]\n"), {4, 12, "server.include", "names no file"}},
  });
}

TEST(ConfigErrors, AnUnknownKeyNamesTheNearestKnownOne) {
  check_all({
      {"misspelt", in_connector("prioriti = 5"), {7, 1, "inbound.prioriti", "unknown key; did you mean \"priority\"?"}},
      {"plural",
       in_identify("sender_domain = [\"*\"]"),
       {8, 1, "inbound.identify.sender_domain", "did you mean \"sender_domains\"?"}},
      {"other case and dash",
       in_identify("Sender-Domains = [\"*\"]"),
       {8, 1, "inbound.identify.Sender-Domains", "did you mean \"sender_domains\"?"}},
      {"swapped letters",
       in_connector("[inbound.identify]\nsender_domains=[\"*\"]\n[inbound.require]\ntsl = true"),
       {10, 1, "inbound.require.tsl", "did you mean \"tls\"?"}},
      {"table", with_server("[organisation]\n"), {4, 2, "organisation", "did you mean \"organization\"?"}},
      {"misplaced",
       in_connector("tls = true"),
       {7, 1, "inbound.tls", "unknown key here; it belongs in [inbound.require]"}},
      {"misplaced in two",
       in_connector("client_networks = [\"192.0.2.1\"]"),
       {7, 1, "inbound.client_networks", "it belongs in [inbound.identify] or [inbound.require]"}},
      {"misplaced in another table",
       with_server("accepted_domains = []\n"),
       {4, 1, "server.accepted_domains", "it belongs in [organization]"}},
      {"misspelt and misplaced",
       with_server("acepted_domain = []\n"),
       {4, 1, "server.acepted_domain", "did you mean \"accepted_domains\"? It belongs in [organization]"}},
      {"nothing near",
       with_server("[log]\nqwertyuiop = 1\n"),
       {5, 1, "log.qwertyuiop", "unknown key; known here are target and format"}},
      {"a key that could forge a line",
       with_server("[log]\n\"a\\nb: error\" = 1\n"),
       {5, 1, "log.\"a?b: error\"", "unknown key"}},
  });
}

TEST(ConfigErrors, TheApiIsReachedFromOtherMachinesOverTlsOnly) {
  const std::string tls = "api_certificate = \"/c.pem\"\napi_key = \"/k.pem\"\n";
  check_all({
      {"all addresses",
       with_server("api = \"inet:0.0.0.0:8025\"\n"),
       {4, 7, "server.api", "write api_certificate and api_key too, or listen on inet:127.0.0.1:8025"}},
      {"a name", with_server("api = \"inet:mx.example.net:8025\"\n"), {4, 7, "server.api", "must not go in the clear"}},
      {"IPv6", with_server("api = \"inet:[2001:db8::1]:8025\"\n"), {4, 7, "server.api", "must not go in the clear"}},
      {"no key",
       with_server("api = \"inet:0.0.0.0:8025\"\napi_certificate = \"/c.pem\"\n"),
       {5, 19, "server.api_certificate", "write api_key too"}},
      {"no certificate", with_server("api_key = \"/k.pem\"\n"), {4, 11, "server.api_key", "write api_certificate too"}},
      {"a unix socket", with_server("api = \"unix:/run/a.sock\"\n" + tls), {5, 19, "server.api_certificate", "no TLS"}},
      {"taken", with_server("api = \"unix:/run/m.sock\"\n"), {4, 7, "server.api", "is taken already by server.milter"}},
  });
  for (const std::string& good :
       {std::string("api = \"inet:127.0.0.1:8025\"\n"), std::string("api = \"inet:[::1]:8025\"\n"),
        std::string("api = \"unix:/run/a.sock\"\n"), "api = \"inet:0.0.0.0:8025\"\n" + tls}) {
    EXPECT_EQ(listed(parse_text(with_server(good)).problems), "problems:\n") << good;
  }
}

TEST(ConfigErrors, AWrongFormNamesTheRightOne) {
  check_all({
      {"mail log",
       with_server("[trace]\nstore = \"sqlite:/a\"\nmail_log = \"maillog\"\n"),
       {6, 12, "trace.mail_log", "is not a log"}},
      {"smart host",
       with_server("[[outbound]]\nname = \"a\"\nscenario = \"partner\"\nrecipient_domains = [\"a.example\"]\nroute = { "
                   "smart_hosts = [\"[mx]:smtp!\"] }\n"),
       {8, 26, "outbound.route.smart_hosts", "is not a smart host"}},
      {"path",
       with_server("[[outbound]]\nname = \"a\"\nscenario = \"partner\"\nrecipient_domains = [\"a.example\"]\nroute = { "
                   "smart_hosts = [\"[a.example]\"], credentials = \"secret\" }\n"),
       {8, 56, "outbound.route.credentials", "is not an absolute path"}},
      {"certificate name",
       with_server("[[outbound]]\nname = \"a\"\nscenario = \"partner\"\nrecipient_domains = [\"a.example\"]\ntls = { "
                   "level = \"match\", match = [\"a b\"] }\n"),
       {8, 35, "outbound.tls.match", "is not a name in a certificate"}},
      {"DNS server",
       with_server("[dns]\nservers = [\"ns.example\"]\n"),
       {5, 12, "dns.servers", "is not an address of a DNS server"}},
      {"recipient",
       in_connector("enhanced_filtering = { skip_networks = [\"192.0.2.1\"], recipients = [\"pilot\"] }"),
       {7, 69, "inbound.enhanced_filtering.recipients", "is not a mail address"}},
      {"dkim",
       in_require("dkim = \"fail\""),
       {10, 8, "inbound.require.dkim", "found \"fail\"; write \"pass\" or \"aligned\""}},
  });
}

TEST(ConfigErrors, AllAreToldAtOnceInTheOrderOfTheFile) {
  const Loaded loaded = parse_text(
      "[server]\nmilter = 1\n[log]\ntarget = \"file\"\n[[inbound]]\nscenario = \"partners\"\n"
      "[[inbound]]\nname = \"x y\"\n[lgo]\n");
  std::vector<std::string> keys;
  for (const auto& problem : loaded.problems) {
    if (problem.severity != warning) keys.push_back(std::to_string(problem.location.line) + " " + problem.key);
  }
  EXPECT_EQ(keys, (std::vector<std::string>{"2 server.milter", "4 log.target", "5 inbound.name", "5 inbound.identify",
                                            "6 inbound.scenario", "7 inbound.scenario", "7 inbound.identify",
                                            "8 inbound.name", "9 lgo"}))
      << listed(loaded.problems);
}

TEST(ConfigErrors, ThousandsAreCountedAndTheFirstError) {
  std::string text = with_server("");
  for (int i = 0; i < 3000; ++i) text += "[[inbound]]\n";
  const Loaded loaded = parse_text(text);
  ASSERT_EQ(loaded.problems.size(), 1001U);
  EXPECT_NE(loaded.problems.back().message.find("more problems"), std::string::npos);
}

TEST(ConfigErrors, ATextThatIsNoTomlNamesThePlace) {
  check_all({
      {"no value",
       with_server("[log]\nformat =\n"),
       {5, 7, "", "this is not TOML: nothing stands behind \"format\"; write format = and its value"}},
      {"in a connector",
       in_connector("comment = \"open"),
       {7, 11, "", "this is not TOML: the text has no quote at its end; write comment = \"open\""}},
      {"table twice", with_server("[[inbound]]\n[server]\n"), {5, 1, "", "this is not TOML: "}},
      {"key twice", in_connector("enabled = true\nenabled = true"), {8, 11, "", "this is not TOML: "}},
      {"two values", in_connector("comment = \"a\" \"b\""), {7, 15, "", "this is not TOML: "}},
      {"invalid UTF-8", with_server("[log]\nformat = \"\xff\"\n"), {5, 10, "", "this is not TOML: "}},
  });
}

// Each has the place of the mistake, not that where the parser gives up, and the line as it must be.
TEST(ConfigErrors, AMistakeInTheFormIsToldWithWhatToWrite) {
  check_all({
      {"yes", in_require("tls = yes"), {10, 7, "", "this is not TOML: \"yes\" is no value; write tls = true"}},
      {"Off", in_require("tls = Off # later"), {10, 7, "", "\"Off\" is no value; write tls = false"}},
      {"text without quotes",
       in_connector("comment = ticket 4711"),
       {7, 11, "", "this is not TOML: a text stands in quotes; write comment = \"ticket 4711\""}},
      {"path without quotes",
       with_server("[organization]\naccepted_domains_file = /etc/domains\n"),
       {5, 25, "", "write accepted_domains_file = \"/etc/domains\""}},
      {"time without quotes",
       with_server("[trace]\nstore = \"sqlite:/a\"\nkeep = 90d\n"),
       {6, 8, "", "write keep = \"90d\""}},
      {"address without quotes",
       in_identify("client_networks = [203.0.113.7]"),
       {8, 19, "", "write client_networks = [\"203.0.113.7\"]"}},
      {"list without quotes",
       in_identify("sender_domains = [contoso.com, \"a.example\", *.contoso.com]"),
       {8, 18, "", "write sender_domains = [\"contoso.com\", \"a.example\", \"*.contoso.com\"]"}},
      {"quotes of a word processor",
       in_connector("comment = \xe2\x80\x9cx\xe2\x80\x9d"),
       {7, 11, "", "write comment = \"x\""}},
      {"a colon",
       in_connector("comment: x"),
       {7, 8, "", "an equals sign stands between a key and its value; write comment = \"x\""}},
      {"a key alone", in_connector("enabled"), {7, 8, "", "write enabled = and the value"}},
      {"a list without end before a table",
       with_server("[organization]\naccepted_domains = [\n  \"a.example\",  # ] not here\n  \"]\",\n[log]\nformat = "
                   "\"text\"\n"),
       {5, 20, "", "this is not TOML: this list has no end; write ] behind its last value"}},
      {"a list without end before a key",
       with_server("[organization]\naccepted_domains = [\"a.example\"\nreject_direct_send = true\n"),
       {5, 20, "", "this list has no end"}},
      {"a list without end at the end",
       with_server("[organization]\naccepted_domains = [\"a.example\",\n"),
       {5, 20, "", "this list has no end"}},
      {"a list without a comma",
       with_server("[organization]\naccepted_domains = [\n\"a.example\"\n\"b.example\"]\n"),
       {5, 20, "", "the values of this list need a comma between them"}},
      {"one bracket and two",
       with_server("[inbound]\nname = \"a\"\n[[inbound]]\nname = \"b\"\n"),
       {4, 1, "", "this is not TOML: write [[inbound]], with two brackets, at the beginning of each one"}},
      {"one bracket behind", with_server("[[inbound]\nname = \"a\"\n"), {4, 1, "", "write [[inbound]] with as many"}},
      {"one bracket too much", with_server("[log]]\nformat = \"text\"\n"), {4, 1, "", "write [log] with as many"}},
  });
}

TEST(ConfigErrors, TheFleetsDatabaseIsReachedWithoutGivingAnythingAway) {
  const auto fleet = [](std::string_view lines) { return with_server("[fleet]\n" + std::string(lines)); };
  check_all({
      {"no database", fleet("name = \"mx1\"\n"), {4, 1, "fleet.database", "is missing; write database = "}},
      {"another scheme",
       fleet("database = \"mysql://db.example.net/connectord\"\n"),
       {5, 12, "fleet.database", "is no address of a PostgreSQL; write for example \"postgresql://"}},
      {"a password",
       fleet("database = \"postgresql://connectord:secret@db.example.net/connectord\"\n"),
       {5, 12, "fleet.database", "has a password, which everybody can read here; write it into a file"}},
      {"a password behind it",
       fleet("database = \"postgresql://db.example.net/connectord?user=c&password=secret\"\n"),
       {5, 12, "fleet.database", "has a password"}},
      {"TLS that nobody checks",
       fleet("database = \"postgresql://db.example.net/connectord?sslmode=require\"\n"),
       {5, 12, "fleet.database", "write sslmode=verify-full, or leave it out"}},
      {"a spool that is too small",
       fleet("database = \"postgresql:///connectord\"\nspool_size = \"1MiB\"\n"),
       {6, 14, "fleet.spool_size", "is too small to be of use; write at least \"16MiB\""}},
  });
  for (const model::Problem& problem :
       parse_text(fleet("database = \"postgresql://connectord:secret@db.example.net/x\"\n")).problems) {
    EXPECT_EQ(problem.message.find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace connectord::config
