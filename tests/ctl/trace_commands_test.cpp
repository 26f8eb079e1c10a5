#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "ctl/run_connectorctl.h"
#include "trace/fixture.h"

namespace connectord::ctl {
namespace {

using namespace trace::test;  // NOLINT: short forms of mail
using trace::Status;

class TraceCommands : public TraceTest {
 protected:
  void SetUp() override {
    TraceTest::SetUp();
    set_zone("UTC0");
    std::ofstream(folder_ / "c.toml") << "[server]\nmilter = \"unix:/run/m.sock\"\n[trace]\nstore = \"sqlite:" << path()
                                      << "\"\n";
    open();
  }
  void TearDown() override {
    set_zone("UTC0");
    TraceTest::TearDown();
  }
  static void set_zone(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  Ran run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--config", (folder_ / "c.toml").string()});
    return run_connectorctl(arguments);
  }
  // The queue IDs of what is found.
  std::string found(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"trace", "--json"});
    const Ran result = run(std::move(arguments));
    EXPECT_EQ(result.status, 0) << result.error;
    std::istringstream lines(result.out);
    std::string text;
    for (std::string line; std::getline(lines, line);) {
      text += (text.empty() ? "" : " ") + nlohmann::json::parse(line)["queue_id"].get<std::string>();
    }
    return text;
  }
};

TEST_F(TraceCommands, FiltersByWhatTheOptionsSay) {
  append(Mail().queued_as("1").from("alice@contoso.com").to({"bob@example.net"}).of("contoso"));
  append(Mail().queued_as("2").from("").to({"carol@example.net"}).by_client("198.51.100.9").refused());
  append(Mail().queued_as("3").with_id("<Three@contoso.com>").at(noon + day).decided(model::Action::quarantine));
  EXPECT_EQ(found({}), "3 2 1");
  EXPECT_EQ(found({"--sender", "ALICE@contoso.com"}), "3 1");
  EXPECT_EQ(found({"--sender", "<>"}), "2");
  EXPECT_EQ(found({"--recipient", "bob@example.net"}), "1");
  EXPECT_EQ(found({"--message-id", "<three@contoso.com>"}), "3");
  EXPECT_EQ(found({"--queue-id", "2"}), "2");
  EXPECT_EQ(found({"--client", "198.51.100.0/24"}), "2");
  EXPECT_EQ(found({"--connector", "contoso"}), "1");
  EXPECT_EQ(found({"--connector", "none"}), "3 2");
  EXPECT_EQ(found({"--status", "failed"}), "2");
  EXPECT_EQ(found({"--action", "quarantine"}), "3");
  EXPECT_EQ(found({"--status", "refused"}), "2");
  EXPECT_EQ(found({"--status", "bounced"}), "");
  EXPECT_EQ(found({"--from", "contoso.com"}), "3 2 1");
  EXPECT_EQ(found({"alice@contoso.com", "--connector", "contoso"}), "1");
  EXPECT_EQ(found({"contoso"}), "1");
  EXPECT_EQ(found({"198.51.100.9"}), "2");
  EXPECT_EQ(found({"--direction", "outbound"}), "");
  EXPECT_EQ(found({"--since", "2026-11-22"}), "3");
  EXPECT_EQ(found({"--until", "2026-11-22T00:00:00Z"}), "2 1");
  EXPECT_EQ(found({"--limit", "2"}), "3 2");
}

TEST_F(TraceCommands, PrintsOneObjectALineWithEveryKey) {
  append(Mail().of("contoso").refused().over("TLSv1.3"));
  const auto row = nlohmann::json::parse(run({"trace", "--json"}).out);
  EXPECT_EQ(row["id"], 1);
  EXPECT_EQ(row["time"], "2026-11-21T12:00:00.000Z");
  EXPECT_EQ(row["queue_id"], "4X");
  EXPECT_EQ(row["message_id"], "1@contoso.com");
  EXPECT_EQ(row["client_address"], "203.0.113.7");
  EXPECT_EQ(row["mail_from"], "alice@contoso.com");
  EXPECT_EQ(row["rcpt_to"], "user@example.net");
  EXPECT_EQ(row["connector"], "contoso");
  EXPECT_TRUE(row["outbound_connector"].is_null());
  EXPECT_EQ(row["action"], "reject");
  EXPECT_EQ(row["reply"], "550 5.7.10 TLS is required");
  EXPECT_EQ(row["status"], "failed");
  EXPECT_EQ(row["tls"], "TLSv1.3");
  EXPECT_TRUE(row["findings"].is_array());
}

TEST_F(TraceCommands, AsksForMoreThanOnePage) {
  Mail mail;
  mail.to(std::vector<std::string>(2500, "user@example.net"));
  append(mail);
  const Ran some = run({"trace", "--json", "--limit", "2400"});
  EXPECT_EQ(std::count(some.out.begin(), some.out.end(), '\n'), 2400);
  EXPECT_NE(some.error.find("there are more; see --limit"), std::string::npos);
  const Ran all = run({"trace", "--json", "--limit", "9000"});
  EXPECT_EQ(std::count(all.out.begin(), all.out.end(), '\n'), 2500);
  EXPECT_EQ(all.error, "");
}

TEST_F(TraceCommands, PrintsATableForAPersonThatNoStrangerCanForge) {
  Mail mail;
  mail.queued_as("1").of("contoso").to({"bob\x1b[2J\n@example.net"});
  append(
      mail.from("a@\xc2\x9b"
                "1m"));
  const std::string out = run({"trace"}).out;
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 2) << out;
  EXPECT_NE(out.find("2026-11-21 12:00:00  1   accepted"), std::string::npos) << out;
  EXPECT_NE(out.find("bob?[2J?@example.net"), std::string::npos) << out;
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  EXPECT_EQ(out.find('\x9b'), std::string::npos);
}

TEST_F(TraceCommands, PrintsCsvThatASpreadsheetTakesForText) {
  Mail mail;
  mail.subject = "a \"quoted\", text";
  append(mail.from("=cmd@contoso.com"));
  const std::string out = run({"trace", "--csv"}).out;
  EXPECT_TRUE(out.starts_with("id,time,direction,queue_id,")) << out;
  EXPECT_NE(out.find(R"(,"'=cmd@contoso.com",)"), std::string::npos) << out;
  EXPECT_NE(out.find(R"(,"a ""quoted"", text",)"), std::string::npos) << out;
  EXPECT_TRUE(out.ends_with(R"("getting_status","accepted","","","","","","")"
                            "\r\n"))
      << out;
}

TEST_F(TraceCommands, ShowsNoCharacterThatTurnsTextAround) {
  const std::vector<std::string> controls = {"\xe2\x80\xaa", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9",
                                             "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\x8f", "\xd8\x9c"};
  std::string hostile = "a";
  for (const std::string& control : controls) hostile += control + "b";
  Mail mail;
  mail.subject = hostile;
  mail.to({hostile + "@example.net"});
  append(mail.from(hostile + "@contoso.com"));
  for (const auto& command : std::vector<std::vector<std::string>>{{"trace"},
                                                                   {"trace", "--csv"},
                                                                   {"trace", "--json"},
                                                                   {"trace", "show", "1"},
                                                                   {"trace", "show", "1", "--json"}}) {
    const std::string out = run(command).out;
    EXPECT_NE(out.find("@contoso.com"), std::string::npos) << out;
    for (const std::string& control : controls) EXPECT_EQ(out.find(control), std::string::npos) << out;
  }
  EXPECT_NE(run({"trace", "--csv"}).out.find("\"a?b?b?b?b?b?b?b?b@contoso.com\""), std::string::npos);
  EXPECT_NE(run({"trace", "--json"}).out.find("a\\u202ab\\u202eb"), std::string::npos);
}

TEST_F(TraceCommands, TellsTheWholeWayOfAMessage) {
  Mail mail;
  mail.of("contoso").over("TLSv1.3").to({"a@example.net", "b@example.net"});
  mail.decision.tag = "contoso";
  mail.decision.identified_by = model::IdentifiedBy::sender_domain;
  mail.decision.findings = {
      {"attribution", "contoso", model::Outcome::pass, "identified by sender_domain", "contoso.com", ""},
      {"require.tls", "contoso", model::Outcome::pass, "TLS", "TLSv1.3", ""},
      {"outbound.route", "smart", model::Outcome::pass, "", "by the tag", ""}};
  mail.facts.certificate.sha256 = std::string(64, 'a');
  mail.facts.helo = "mail.contoso.com";
  mail.outbound_connector = "smart";
  append(mail);
  trace::LogBatch batch;
  batch.deliveries = {delivery("4X", "a@example.net", Status::pending, noon + second),
                      delivery("4X", "a@example.net", Status::delivered, noon + 61 * second)};
  batch.children = {{"4X", "4Y", noon + 2 * second}};
  record(batch);
  const std::string out = run({"trace", "show", "2"}).out;
  std::size_t last = 0;
  for (const char* part : {
           "message 1, 2026-11-21 (UTC)",
           "from    <alice@contoso.com>",
           "to      <a@example.net>: delivered (1)",
           "to      <b@example.net>: accepted (2)",
           "11:59:58.000  connected   [203.0.113.7]:0",
           "HELO mail.contoso.com",
           "secured     TLSv1.3",
           "sha256:aaaa",
           "11:59:59.000  identified  connector contoso by sender_domain",
           "pass  attribution (contoso): expected identified by sender_domain, seen contoso.com",
           "checked",
           "pass  require.tls (contoso): expected TLS, seen TLSv1.3",
           "tagged      contoso",
           "12:00:00.000  queued      accept as 4X",
           "12:00:02      queued      again as 4Y",
           "routed      by smart",
           "12:00:01      deferred    <a@example.net>",
           "12:01:01      delivered   <a@example.net>",
           "relay mx.example.net[192.0.2.1]:25",
           "2.0.0 250 2.0.0 Ok",
           "after 250 ms",
       }) {
    const auto place = out.find(part, last);
    EXPECT_NE(place, std::string::npos) << part << "\n" << out;
    last = place == std::string::npos ? last : place;
  }
  const auto json = nlohmann::json::parse(run({"trace", "show", "1", "--json"}).out);
  EXPECT_EQ(json["rows"].size(), 2U);
  EXPECT_EQ(json["attempts"].size(), 2U);
  EXPECT_EQ(json["attempts"][0]["status"], "pending");
  EXPECT_EQ(json["children"][0]["queue_id"], "4Y");
}

TEST_F(TraceCommands, ShowsTheMessageOfAQueueIdAndSaysWhereThereAreMore) {
  append(Mail().queued_as("4X").with_id("<old@contoso.com>"));
  append(Mail().queued_as("4X").with_id("<new@contoso.com>"));
  const Ran shown = run({"trace", "show", "4X"});
  EXPECT_NE(shown.out.find("Message-ID: new@contoso.com"), std::string::npos) << shown.out;
  EXPECT_NE(shown.error.find("another message has that name too: connectorctl trace show 1"), std::string::npos);
  EXPECT_NE(run({"trace", "show", "<old@contoso.com>"}).out.find("message 1,"), std::string::npos);
}

TEST_F(TraceCommands, NamesTheDaysOfAWayThatLastsDaysAndCallsABounceABounce) {
  append(Mail());
  trace::Delivery last = delivery("4X", "user@example.net", Status::failed, noon + 2 * day + 13 * hour);
  last.delay = 2 * day + 13 * hour;
  trace::LogBatch batch;
  batch.deliveries = {delivery("4X", "user@example.net", Status::pending, noon + second),
                      delivery("4X", "user@example.net", Status::pending, noon + 11 * hour),
                      delivery("4X", "user@example.net", Status::pending, noon + 12 * hour), last};
  record(batch);
  const std::string out = run({"trace", "show", "4X"}).out;
  std::size_t place = 0;
  for (const char* part :
       {"message 1, 2026-11-21 (UTC)", ">: bounced (1)", "12:00:01      deferred", "23:00:00",
        "\n2026-11-22 (UTC)\n00:00:00      deferred", "\n2026-11-24 (UTC)\n01:00:00      bounced ", "after 2 d 13 h"}) {
    const auto found = out.find(part, place);
    ASSERT_NE(found, std::string::npos) << part << "\n" << out;
    place = found;
  }
}

TEST_F(TraceCommands, ReadsAndShowsTimesOfTheClockOnTheWall) {
  append(Mail().queued_as("1"));
  append(Mail().queued_as("2").at(noon + hour));
  set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
  EXPECT_EQ(found({"--since", "2026-11-21 13:30"}), "2");
  EXPECT_EQ(found({"--since", "2026-11-21 12:30", "--utc"}), "2");
  EXPECT_EQ(found({"--since", "2026-11-21T12:30:00Z"}), "2");
  const std::string local = run({"trace"}).out;
  EXPECT_NE(local.find("TIME (CET)"), std::string::npos) << local;
  EXPECT_NE(local.find("2026-11-21 14:00:00  2 "), std::string::npos) << local;
  EXPECT_NE(run({"trace", "--utc"}).out.find("2026-11-21 13:00:00  2 "), std::string::npos);
  EXPECT_NE(run({"trace", "--csv"}).out.find("2026-11-21T13:00:00.000Z"), std::string::npos);
  EXPECT_NE(run({"trace", "show", "2"}).out.find("14:00:00.000  queued"), std::string::npos);
  append(Mail().at(noon - 60 * day));
  const std::string both = run({"trace"}).out;
  EXPECT_NE(both.find("2026-09-22 14:00:00 CEST"), std::string::npos) << both;
  EXPECT_NE(both.find("2026-11-21 14:00:00 CET"), std::string::npos) << both;
}

TEST_F(TraceCommands, WorkWhileTheConfigurationIsBroken) {
  append(Mail().queued_as("1"));
  const std::string head = "[server]\nmilter = \"unix:/run/m.sock\"\n";
  const std::string trace = "[trace]\nstore = \"sqlite:" + path() + "\"\n";
  for (const std::string& text : {head + "milters = 1\n" + trace, head + "include = [\n" + trace,
                                  head + trace + "[[inbound]]\nname = contoso\n", trace + "[server]\ntls = yes\n"}) {
    std::ofstream(folder_ / "c.toml") << text;
    EXPECT_EQ(found({}), "1") << text;
    EXPECT_NE(run({"trace"}).error.find("the configuration does not load; see: connectorctl check"), std::string::npos);
  }
  std::ofstream(folder_ / "c.toml") << "[server\n";
  EXPECT_NE(run({"trace"}).error.find("name the file: --file trace.db"), std::string::npos);
}

TEST_F(TraceCommands, CutNoCsvAndSayWhatDecided) {
  Mail many;
  append(many.to(std::vector<std::string>(1500, "user@example.net")));
  Mail refused;
  refused.refused().decision.findings = {
      {"require.dkim", "contoso", model::Outcome::pass, "pass", "pass", ""},
      {"require.tls", "contoso", model::Outcome::fail, "TLS", "no TLS", "see the log"}};
  refused.facts.certificate.sha256 = std::string(64, 'a');
  append(refused);
  const Ran all = run({"trace", "--csv"});
  EXPECT_EQ(std::count(all.out.begin(), all.out.end(), '\n'), 1502);
  EXPECT_EQ(all.error, "");
  EXPECT_NE(all.out.find(",certificate_sha256,certificate_public_key_sha256,finding,rules\r\n"), std::string::npos);
  EXPECT_NE(all.out.find("\"" + std::string(64, 'a') + R"(","","require.tls: expected TLS, seen no TLS","")"),
            std::string::npos)
      << all.out.substr(0, 800);
  const Ran some = run({"trace", "--csv", "--limit", "10"});
  EXPECT_EQ(std::count(some.out.begin(), some.out.end(), '\n'), 11);
  EXPECT_NE(some.error.find("there are more"), std::string::npos);
}

TEST_F(TraceCommands, ReportsVolumes) {
  append(Mail().of("contoso"));
  append(Mail().of("contoso").at(noon + hour));
  append(Mail().at(noon + hour).refused());
  const std::vector<std::string> range = {"--since", "2026-11-21T12:00:00Z", "--until", "2026-11-21T14:00:00Z"};
  const auto with = [&range](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), range.begin(), range.end());
    return arguments;
  };
  const std::string text = run(with({"trace", "report"})).out;
  EXPECT_NE(text.find("2         2           2000   contoso"), std::string::npos) << text;
  const std::string hours = run(with({"trace", "report", "--by", "action", "--per", "hour"})).out;
  EXPECT_NE(hours.find("2026-11-21 13:00  1         1           1000   reject"), std::string::npos) << hours;
  const auto json = nlohmann::json::parse(run(with({"trace", "report", "--json"})).out);
  EXPECT_EQ(json["volumes"][0]["group"], "contoso");
  EXPECT_EQ(json["volumes"][0]["messages"], 2);
  EXPECT_NE(run(with({"trace", "report", "--csv"})).out.find(",\"contoso\",2,2,2000\r\n"), std::string::npos);
}

TEST_F(TraceCommands, FindsShowsAndCountsByRule) {
  Mail mail;
  mail.matching("mark", {"prepend_subject"}).matching("watch", {"reject"}, model::Mode::audit).queued_as("1");
  mail.decision.rules[1].recipients = {"bob@example.net"};
  mail.decision.rules[1].severity = model::RuleSeverity::high;
  mail.decision.findings = {{"rule", "", model::Outcome::pass, "rule \"mark\": prepend_subject", "direction", ""}};
  append(mail);
  append(Mail().queued_as("2"));
  EXPECT_EQ(found({"--rule", "mark"}), "1");
  EXPECT_EQ(found({"Watch"}), "1");
  const std::string out = run({"trace", "show", "1"}).out;
  std::size_t last = 0;
  for (const char* part : {"checked     nothing", "rules       mark: prepend_subject (12 us)",
                           "  watch (audit): reject, severity high, for bob@example.net (12 us)",
                           "pass  rule: expected rule \"mark\": prepend_subject, seen direction", "queued"}) {
    const auto place = out.find(part, last);
    EXPECT_NE(place, std::string::npos) << part << "\n" << out;
    last = place == std::string::npos ? last : place;
  }
  const auto json = nlohmann::json::parse(run({"trace", "show", "1", "--json"}).out)["rows"][0]["rules"];
  EXPECT_EQ(json[1], nlohmann::json::parse(R"({"rule": "watch", "mode": "audit", "matched": true,
      "actions": ["reject"], "recipients": ["bob@example.net"], "severity": "high", "skipped_because": null,
      "microseconds": 12})"));
  const Ran report = run({"trace", "report", "--by", "rule_action", "--since", "2026-11-21", "--until", "2026-11-22"});
  EXPECT_NE(report.out.find("watch (audit): reject"), std::string::npos) << report.out << report.error;
  EXPECT_NE(run({"trace", "--csv"}).out.find(",\"mark; watch\"\r\n"), std::string::npos);
}

TEST_F(TraceCommands, SaysWhatIsWrongAndWhatToWrite) {
  append(Mail().matching("mark", {"bcc"}));
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"trace", "--since", "next tuesday"}, "--since: \"next tuesday\" is no time; write 23:40, \"yesterday 23:40\""},
      {{"trace", "--until", "2h later"}, "--until: \"2h later\" is no time"},
      {{"trace", "--connector", "contso"}, "--connector: there is no connector \"contso\""},
      {{"trace", "--rule", "marc"}, "--rule: there is no rule \"marc\"; did you mean \"mark\"?"},
      {{"trace", "--since", "1h", "--until", "2h"}, "--until: \"2h\" is not after --since"},
      {{"trace", "report", "--since", "today", "--until", "today"}, "--until: \"today\" is not after --since"},
      {{"trace", "--client", "300.1.1.1"}, "--client: "},
      {{"trace", "show", "4711"}, "there is no message \"4711\" in the trace; write the ID of a row, a queue ID"},
      {{"trace", "--file", "/nowhere/trace.db"}, "there is no trace"},
  };
  for (const auto& [arguments, message] : cases) {
    const Ran result = run(arguments);
    EXPECT_EQ(result.status, 1) << message;
    EXPECT_NE(result.error.find(message), std::string::npos) << result.error;
    EXPECT_EQ(result.out, "");
  }
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{{"trace", "--status", "lost"},
                                                                                     {"trace", "--limit", "0"},
                                                                                     {"trace", "--limit", "-1"},
                                                                                     {"trace", "--since", ""},
                                                                                     {"trace", "--sender", ""},
                                                                                     {"trace", "--csv", "--json"}}) {
    const Ran result = run(wrong);
    EXPECT_EQ(result.status, 2) << wrong.back();
    EXPECT_EQ(result.out, "") << wrong.back();
  }
  std::ofstream(folder_ / "c.toml") << "[server]\nmilter = \"unix:/run/m.sock\"\n";
  EXPECT_NE(run({"trace"}).error.find("has no [trace], so none is kept"), std::string::npos);
}

}  // namespace
}  // namespace connectord::ctl
