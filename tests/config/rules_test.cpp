#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "problem_cases.h"

namespace connectord::config {
namespace {

// The rule begins in line 6, its further lines in line 9.
std::string with_rule(std::string_view lines) {
  return "[organization]\naccepted_domains = [\"example.net\"]\n[server]\nmilter = \"unix:/run/m.sock\"\nsocketmap = "
         "\"unix:/run/s.sock\"\n[[rule]]\n"
         "name = \"a\"\npriority = 1\n" +
         std::string(lines) + "\n";
}

std::string with_when(std::string_view keys) {
  return with_rule("[rule.when]\n" + std::string(keys) + "\n[[rule.action]]\ndo = \"reject\"");
}

std::string with_action(std::string_view lines) {
  return with_rule("[rule.when]\nsender = [\"a@x.example\"]\n[[rule.action]]\n" + std::string(lines));
}

TEST(ConfigRules, ReadsAllThatARuleMaySay) {
  const Loaded loaded = parse_text(with_rule(
      "comment = \"x\"\nmode = \"audit\"\nactivate_at = 2026-12-01T00:00:00+01:00\n"
      "expire_at = 2027-12-01T00:00:00Z\nstop = true\non_error = \"ignore\"\nseverity = \"high\"\nsplit = \"whole\"\n"
      "[rule.when]\ndirection = [\"outbound\", \"internal\"]\nsender = [\"Carol@EXAMPLE.net\"]\n"
      "recipient_domains = [\"*.bücher.example\"]\nmessage_size_over = \"2MiB\"\n"
      "header = [{ name = \"X-A\", words = [\"b\"] }]\n[rule.unless]\nsubject_patterns = ['^re:']\n"
      "[[rule.action]]\ndo = \"quarantine\"\n[[rule.action]]\ndo = \"add_header\"\nheader = \"X-B\"\nvalue = \"c\""));
  ASSERT_TRUE(loaded.problems.empty()) << listed(loaded.problems);
  const model::Rule& rule = loaded.configuration.rules.at(0);
  EXPECT_EQ(rule.mode, model::Mode::audit);
  EXPECT_EQ(rule.activate_at, 1'796'079'600);
  EXPECT_EQ(rule.expire_at, 1'827'619'200);
  EXPECT_TRUE(rule.stop);
  EXPECT_EQ(rule.on_error, model::OnRuleError::ignore);
  EXPECT_EQ(rule.severity, model::RuleSeverity::high);
  ASSERT_TRUE(rule.when && rule.unless);
  EXPECT_EQ(rule.when->direction.size(), 2U);
  EXPECT_EQ(rule.when->sender, std::vector<std::string>{"carol@example.net"});
  EXPECT_EQ(rule.when->recipient_domains.at(0).to_string(), "*.xn--bcher-kva.example");
  EXPECT_EQ(rule.when->message_size_over, 2U << 20);
  EXPECT_EQ(rule.when->header.at(0).words.at(0), "b");
  EXPECT_EQ(rule.unless->subject_patterns.at(0), "^re:");
  EXPECT_EQ(rule.actions.at(1).kind, model::RuleActionKind::add_header);
}

TEST(ConfigRules, ARuleMustSayWhichMailItIsForAndWhatIsDone) {
  check_all({
      {"no conditions",
       with_rule("[[rule.action]]\ndo = \"reject\""),
       {6, 1, "rule.when",
        "is missing, so the rule would be for all mail; write conditions in [rule.when], or all = "}},
      {"empty conditions",
       with_rule("[rule.when]\n[[rule.action]]\ndo = \"reject\""),
       {9, 1, "rule.when", "is missing, so the rule would be for all mail"}},
      {"all, and conditions",
       with_rule("all = true\n[rule.when]\ntls = true\n[[rule.action]]\ndo = \"reject\""),
       {9, 7, "rule.all", "is for rules without conditions"}},
      {"no action",
       with_rule("[rule.when]\ntls = true"),
       {6, 1, "rule.action", "is missing, so the rule would do nothing; write a [[rule.action]], or stop = true"}},
      {"an empty list of actions",
       with_rule("all = true\naction = []"),
       {10, 10, "rule.action", "is missing, so the rule would do nothing; write a [[rule.action]], or stop = true"}},
      {"never",
       with_rule("activate_at = 2026-12-01T00:00:00Z\nexpire_at = 2026-12-01T01:00:00+01:00\nall = true\n"
                 "[[rule.action]]\ndo = \"reject\""),
       {10, 13, "rule.expire_at", "is not after activate_at, so the rule would never hold"}},
      {"no offset",
       with_rule("activate_at = 2026-12-01T00:00:00\nall = true\n[[rule.action]]\ndo = \"reject\""),
       {9, 15, "rule.activate_at",
        "write a date and time with its offset from UTC, such as 2026-12-01T00:00:00+01:00"}},
      {"all mail deleted",
       with_rule("all = true\n[[rule.action]]\ndo = \"delete\""),
       {10, 1, "rule.action", "would delete all mail; write conditions in [rule.when]"}},
      {"split",
       with_rule("split = \"fork\"\nall = true\n[[rule.action]]\ndo = \"reject\""),
       {9, 9, "rule.split", "found \"fork\"; write \"whole\", \"split\" or \"copy\""}},
  });
}

TEST(ConfigRules, ActionsMustGoTogether) {
  const std::string when = "[rule.when]\ntls = true\n";
  const auto both = [&](std::string_view a, std::string_view b) {
    return with_rule(when + "[[rule.action]]\n" + std::string(a) + "\n[[rule.action]]\n" + std::string(b));
  };
  const std::string reject = "do = \"reject\"";
  const std::string redirect = "do = \"redirect\"\nto = [\"a@x.example\"]";
  const std::string remove = "do = \"delete\"";
  check_all({
      {"reject and redirect", both(reject, redirect), {13, 1, "rule.action", "contradict each other"}},
      {"redirect and reject",
       both(redirect, reject),
       {11, 1, "rule.action", "\"redirect\" and \"reject\" in one rule"}},
      {"delete and a header",
       both(remove, "do = \"remove_header\"\nheader = \"X\""),
       {13, 1, "rule.action", "\"remove_header\" and \"delete\" in one rule contradict each other"}},
      {"nobody to approve", with_action("do = \"hold_for_approval\""), {11, 1, "rule.action.approvers", "is missing"}},
      {"approval of what is changed",
       both("do = \"hold_for_approval\"\napprovers = [\"a@x.example\"]", "do = \"disclaimer\"\ntext = \"x\""),
       {14, 1, "rule.action", "\"disclaimer\" changes what \"hold_for_approval\" keeps from its recipients"}},
      {"a report of each deferral",
       both("do = \"defer\"", "do = \"incident_report\"\nto = [\"a@x.example\"]"),
       {13, 1, "rule.action", "\"incident_report\" and \"defer\" in one rule contradict each other"}},
      {"a journal of what is refused",
       both(reject, "do = \"journal\"\nto = [\"a@x.example\"]"),
       {13, 1, "rule.action", "\"journal\" and \"reject\" in one rule contradict each other"}},
      {"a journal of itself",
       with_rule("[rule.when]\nrecipient = [\"J@x.example\"]\n[[rule.action]]\ndo = \"journal\"\n"
                 "to = [\"j@x.example\"]"),
       {11, 1, "rule.action", "the journal \"j@x.example\" is a recipient that this rule is for"}},
      {"a journal for nobody", with_action("do = \"journal\""), {11, 1, "rule.action.to", "is missing"}},
      {"a notice without words", with_action("do = \"notify\""), {11, 1, "rule.action.text", "is missing"}},
      {"no part of a report",
       with_action("do = \"incident_report\"\nto = [\"a@x.example\"]\ncontent = [\"body\"]"),
       {14, 12, "rule.action.content", "found \"body\"; write \"sender\""}},
      {"no such action",
       with_action("do = \"refuse\""),
       {12, 6, "rule.action.do", "found \"refuse\"; write \"journal\""}},
      {"no field", with_action("do = \"set_header\"\nvalue = \"x\""), {11, 1, "rule.action.header", "is missing"}},
      {"a key of another action",
       with_action("do = \"reject\"\nreason = \"x\""),
       {13, 10, "rule.action.reason", "means nothing to \"reject\"; leave it out"}},
      {"a code of the other kind",
       with_action("do = \"reject\"\ncode = 451"),
       {13, 8, "rule.action.code", "is of the wrong kind for reject; write 550"}},
      {"a status of the other kind",
       with_action("do = \"defer\"\nstatus = \"5.7.1\""),
       {13, 10, "rule.action.status", "is of the wrong kind for defer; write \"4.7.1\""}},
      {"a reply that is not ASCII",
       with_action("do = \"reject\"\ntext = \"Grüße\""),
       {13, 8, "rule.action.text", "has ASCII only"}},
      {"all recipients in a field",
       with_action("do = \"set_header\"\nheader = \"X\"\nvalue = \"{recipients}\""),
       {14, 9, "rule.action.value", "would show all recipients, hidden ones too"}},
      {"no connector",
       with_action("do = \"route\"\nconnector = \"nowhere\""),
       {11, 1, "rule.action.connector", "there is no outbound connector \"nowhere\""}},
      {"a connector for all mail",
       with_action("do = \"route\"\nconnector = \"b\"\n[[outbound]]\nname = \"b\"\nscenario = \"partner\"\n"
                   "recipient_domains = [\"x.example\"]\n"),
       {11, 1, "rule.action.connector", "\"b\" is not for mail of rules; write rule_scoped = true in it"}},
  });
}

TEST(ConfigRules, TlsIsRequiredByAConnectorThatPromisesIt) {
  const auto with_connector = [](std::string_view tables) {
    return with_action(
        "do = \"require_tls\"\nconnector = \"b\"\n[[outbound]]\nname = \"b\"\nscenario = \"partner\"\n"
        "rule_scoped = true\nrecipient_domains = [\"*\"]\n" +
        std::string(tables));
  };
  const std::string hosts = "[outbound.route]\nsmart_hosts = [\"[mx.x.example]\"]\n";
  for (const std::string& bad : {std::string(), hosts, hosts + "[outbound.tls]\nlevel = \"opportunistic\"\n",
                                 std::string("[outbound.tls]\nlevel = \"require\"\n")}) {
    const Loaded loaded = parse_text(with_connector(bad));
    ASSERT_FALSE(loaded.ok()) << bad;
    EXPECT_NE(listed(loaded.problems).find("\"b\" does not promise TLS; write smart_hosts"), std::string::npos)
        << listed(loaded.problems);
  }
  for (const char* level : {"require", "verify"}) {
    const Loaded loaded = parse_text(with_connector(hosts + "[outbound.tls]\nlevel = \"" + level + "\"\n"));
    EXPECT_TRUE(loaded.ok()) << listed(loaded.problems);
  }
}

TEST(ConfigRules, WhatIsRefusedMayBeReported) {
  const std::string report =
      "[[rule.action]]\ndo = \"incident_report\"\nto = [\"a@x.example\"]\n"
      "content = [\"rule\", \"original\"]\n";
  for (const char* end : {"reject", "delete", "quarantine"}) {
    const Loaded loaded = parse_text(with_action("do = \"" + std::string(end) + "\"\n" + report));
    EXPECT_TRUE(loaded.problems.empty()) << listed(loaded.problems);
    EXPECT_TRUE(loaded.configuration.writes_mail());
  }
  EXPECT_FALSE(parse_text(with_action("do = \"reject\"")).configuration.writes_mail());
}

TEST(ConfigRules, SomeFieldsAreNoRulesToChange) {
  for (const std::string_view name :
       {"Received", "dkim-signature", "ARC-Seal", "Authentication-Results", "X-Connector", "x-connector-route",
        "Auto-Submitted", "Content-Type", "MIME-Version", "From", "Bcc", "Über", "a b", "a:b", ""}) {
    const Loaded loaded =
        parse_text(with_action("do = \"set_header\"\nheader = \"" + std::string(name) + "\"\nvalue = \"x\""));
    ASSERT_FALSE(loaded.ok()) << name;
    EXPECT_EQ(loaded.problems.front().key, "rule.action.header") << name;
  }
  EXPECT_TRUE(parse_text(with_action("do = \"set_header\"\nheader = \"X-Connected\"\nvalue = \"x\"")).ok());
}

TEST(ConfigRules, ConditionsAreWhatCanBeAsked) {
  check_all({
      {"no regular expression",
       with_when("subject_patterns = ['(a']"),
       {10, 21, "rule.when.subject_patterns", "\"(a\" is not a regular expression of RE2: missing ): (a"}},
      {"a pattern among words",
       with_when("subject_words = ['\\d+']"),
       {10, 17, "rule.when.subject_words", "is looked for as it stands, sign by sign; write it in subject_patterns",
        warning}},
      {"a place without a sender",
       with_when("tls = true\nsender_location = \"header\""),
       {11, 19, "rule.when.sender_location", "says where senders stand, and none is named"}},
      {"no size",
       with_when("message_size_over = \"25 MB\""),
       {10, 21, "rule.when.message_size_over", "is not a size; write a number with B, KiB, MiB or GiB"}},
      {"an empty list", with_when("sender = []"), {10, 10, "rule.when.sender", "the list is empty"}},
      {"no such connector",
       with_when("inbound_connectors = [\"x\"]"),
       {9, 1, "rule.when.inbound_connectors", "there is no inbound connector \"x\"; write the name of an [[inbound]]"}},
      {"a result that nobody finds out",
       with_when("arc = [\"fail\"]"),
       {9, 1, "rule.when.arc", "[authentication] switches it off, so the rule would never know; write arc = true"}},
  });
}

TEST(ConfigRules, ScopesNeedDomainsOfOurs) {
  const std::string rule =
      "[server]\nmilter = \"unix:/run/m.sock\"\n[[rule]]\nname = \"a\"\npriority = 1\n[rule.when]\n";
  const std::string action = "\n[[rule.action]]\ndo = \"reject\"";
  const auto refused = [&](std::string_view key) {
    const Loaded loaded = parse_text(rule + std::string(key) + action);
    return !loaded.ok() && listed(loaded.problems).find("write accepted_domains") != std::string::npos;
  };
  EXPECT_TRUE(refused("sender_scope = \"internal\""));
  EXPECT_TRUE(refused("recipient_scope = \"external\""));
  EXPECT_TRUE(refused("direction = [\"outbound\"]"));
  EXPECT_FALSE(refused("direction = [\"inbound\"]"));
}

TEST(ConfigRules, NamesAndPrioritiesAreThereOnce) {
  const std::string second = "all = true\n[[rule.action]]\ndo = \"reject\"\n[[rule]]\nall = true\nname = ";
  const std::string action = "\n[[rule.action]]\ndo = \"reject\"";
  check_all({
      {"a name",
       with_rule(second + "\"a\"\npriority = 2" + action),
       {12, 1, "rule.name", "there is a rule \"a\" already, at test.toml:6:1; give each a name of its own"}},
      {"a priority",
       with_rule(second + "\"b\"\npriority = 1" + action),
       {12, 1, "rule.priority", "rule \"a\" at test.toml:6:1 has the priority 1 already"}},
  });
}

TEST(ConfigRules, OneThatAnEarlierStopHidesIsAWarning) {
  const std::string action = "\n[[rule.action]]\ndo = \"reject\"\n";
  struct {
    const char* what;
    const char* stop;   // lines of [[rule]] and [rule.when]
    const char* later;  // keys of [rule.when]
    bool is_hidden;
  } const cases[] = {
      {"the same", "stop = true\n[rule.when]\nsubject_words = [\"a\"]", "subject_words = [\"a\"]", true},
      {"one of its values", "stop = true\n[rule.when]\nsubject_words = [\"a\", \"b\"]", "subject_words = [\"b\"]",
       true},
      {"more conditions", "stop = true\n[rule.when]\ndirection = [\"inbound\"]",
       "direction = [\"inbound\"]\ntls = true", true},
      {"more values", "stop = true\n[rule.when]\nsubject_words = [\"a\"]", "subject_words = [\"a\", \"b\"]", false},
      {"less conditions", "stop = true\n[rule.when]\ntls = true\nsubject_words = [\"a\"]", "tls = true", false},
      {"no stop", "[rule.when]\ntls = true", "tls = true", false},
      {"in audit", "stop = true\nmode = \"audit\"\n[rule.when]\ntls = true", "tls = true", false},
      {"with exceptions", "stop = true\n[rule.unless]\nauthenticated = true\n[rule.when]\ntls = true", "tls = true",
       false},
      {"for a time", "stop = true\nexpire_at = 2126-01-01T00:00:00Z\n[rule.when]\ntls = true", "tls = true", false},
  };
  for (const auto& one : cases) {
    const Loaded loaded =
        parse_text(with_rule(std::string(one.stop) + action +
                             "[[rule]]\nname = \"later\"\npriority = 2\n[rule.when]\n" + one.later + action));
    EXPECT_TRUE(loaded.ok()) << one.what << listed(loaded.problems);
    EXPECT_EQ(listed(loaded.problems).find("is never asked, since rule \"a\"") != std::string::npos, one.is_hidden)
        << one.what << listed(loaded.problems);
  }
}

TEST(ConfigRules, ARedirectOfStrangersMailOutsideIsAWarning) {
  const auto tells_of_srs = [](const std::string& when, const std::string& to) {
    const Loaded loaded =
        parse_text(with_rule("[rule.when]\n" + when + "\n[[rule.action]]\ndo = \"redirect\"\nto = [\"" + to + "\"]"));
    EXPECT_TRUE(loaded.ok()) << listed(loaded.problems);
    return listed(loaded.problems).find("(SRS, postsrsd)") != std::string::npos;
  };
  EXPECT_TRUE(tells_of_srs("tls = true", "a@elsewhere.example"));
  EXPECT_TRUE(tells_of_srs("direction = [\"inbound\", \"internal\"]", "a@elsewhere.example"));
  EXPECT_FALSE(tells_of_srs("direction = [\"outbound\"]", "a@elsewhere.example"));
  EXPECT_FALSE(tells_of_srs("tls = true", "a@example.net"));
}

TEST(ConfigRules, AConnectorForRulesWantsOneThatSendsMailThere) {
  const std::string connector =
      "[[outbound]]\nname = \"b\"\nscenario = \"partner\"\nrule_scoped = true\nroute = { smart_hosts = "
      "[\"[mx.example]:25\"] }\n";
  const auto warns = [&](const std::string& keys) {
    const Loaded loaded =
        parse_text(with_rule(keys + "\nall = true\n[[rule.action]]\ndo = \"route\"\nconnector = \"b\"\n" + connector));
    EXPECT_TRUE(loaded.ok()) << listed(loaded.problems);
    return listed(loaded.problems).find("so no mail leaves by it") != std::string::npos;
  };
  EXPECT_FALSE(warns(""));
  EXPECT_TRUE(warns("enabled = false"));
  EXPECT_TRUE(warns("mode = \"audit\""));
}

TEST(ConfigRules, RulesNeedAMilter) {
  const Loaded loaded = parse_text(
      "[server]\npolicy = \"unix:/run/p.sock\"\n[[rule]]\nname = \"a\"\npriority = 1\nall = true\n[[rule.action]]\n"
      "do = \"reject\"");
  EXPECT_TRUE(
      has_problem(loaded.problems, {3, 1, "server.milter", "only a milter sees messages, so no rule could hold"}))
      << listed(loaded.problems);
}

class RuleFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("connectord-rules-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  Loaded load_senders(std::string_view text) {
    return load(file("main.toml", with_when("senders_file = \"" + file("people", text) + "\"")),
                Environment{"mx.example.net"});
  }

  std::filesystem::path folder_;
};

TEST_F(RuleFiles, PeopleStandInAFile) {
  const Loaded loaded = load_senders("# legal\r\nCarol@Example.NET # head\n\n@legal.example\n*.law.example\n");
  ASSERT_TRUE(loaded.ok()) << listed(loaded.problems);
  const auto& people = *loaded.configuration.rules.at(0).when->senders;
  EXPECT_EQ(people.addresses, std::vector<std::string>{"carol@example.net"});
  ASSERT_EQ(people.domains.size(), 2U);
  EXPECT_EQ(people.domains[0].to_string(), "legal.example");
  EXPECT_EQ(people.domains[1].to_string(), "*.law.example");
}

TEST_F(RuleFiles, AFileThatIsEmptyWrongOrGoneIsAnError) {
  EXPECT_NE(listed(load_senders("# nobody\n").problems).find("the file names nobody"), std::string::npos);
  EXPECT_NE(listed(load_senders("a b\n").problems).find("people:1:1"), std::string::npos);
  const Loaded gone =
      load(file("main.toml", with_when("senders_file = \"/nowhere/people\"")), Environment{"mx.example.net"});
  EXPECT_TRUE(has_problem(gone.problems, {9, 1, "rule.when.senders_file", "/nowhere/people"})) << listed(gone.problems);
}

TEST_F(RuleFiles, RulesMayStandInIncludedFiles) {
  file("rules.toml", "[[rule]]\nname = \"b\"\npriority = 2\nall = true\n[[rule.action]]\ndo = \"reject\"\n");
  const Loaded loaded = load(file("main.toml", "[server]\nmilter = \"unix:/run/m.sock\"\ninclude = [\"rules.toml\"]\n"),
                             Environment{"mx.example.net"});
  ASSERT_TRUE(loaded.ok()) << listed(loaded.problems);
  EXPECT_EQ(loaded.configuration.rules.at(0).name, "b");
}

TEST_F(RuleFiles, ThatWereReadAreEnoughToLoadTheSameAgain) {
  file("people", "carol@example.net\n");
  file("rules.toml", "[[rule]]\nname = \"b\"\npriority = 1\nwhen = { senders_file = \"" +
                         (folder_ / "people").string() + "\" }\n[[rule.action]]\ndo = \"reject\"\n");
  const std::string domains = file("domains", "example.net\n");
  const std::string main_file =
      file("main.toml",
           "[server]\nmilter = \"unix:/run/m.sock\"\ninclude = [\"*.toml.d\", \"rules.toml\"]\n"
           "[organization]\naccepted_domains_file = \"" +
               domains + "\"\n");
  const Loaded loaded = load(main_file, Environment{"mx.example.net"});
  ASSERT_TRUE(loaded.ok()) << listed(loaded.problems);
  EXPECT_EQ(loaded.sources.size(), 4U);
  std::filesystem::remove_all(folder_);
  Environment kept{"mx.example.net"};
  kept.files = std::make_shared<const SourceTexts>(loaded.sources);
  const Loaded again = load(main_file, kept);
  ASSERT_TRUE(again.ok()) << listed(again.problems);
  EXPECT_EQ(again.sources, loaded.sources);
  EXPECT_EQ(again.configuration.rules.at(0).when->senders->addresses.size(), 1U);
  EXPECT_EQ(again.configuration.organization.accepted_domains.size(), 1U);
}

TEST(ConfigRules, WhatLooksForTextAloneIsWarnedOf) {
  const auto warned = [](std::string_view keys) {
    return listed(parse_text(with_when(keys)).problems).find("looks for text in all mail") != std::string::npos;
  };
  EXPECT_TRUE(warned("body_or_subject_words = [\"secret\"]"));
  EXPECT_TRUE(warned("attachment_patterns = ['x+y']\nbody_or_subject_words = [\"secret\"]"));
  EXPECT_FALSE(warned("body_or_subject_words = [\"secret\"]\ndirection = [\"outbound\"]"));
  EXPECT_FALSE(warned("subject_words = [\"secret\"]"));
}

TEST(ConfigRules, EncryptionSaysWhatBecomesOfWhoHasNoCertificate) {
  const std::string encrypt = "do = \"encrypt\"\ncertificates = \"/c\"\n";
  check_all({
      {"no fallback", with_action(encrypt), {11, 1, "rule.action.fallback", "is missing"}},
      {"wrap", with_action(encrypt + "fallback = \"wrap\""), {14, 12, "rule.action.fallback", "write \"reject\""}},
      {"no way", with_action(encrypt + "fallback = \"require_tls\""), {11, 1, "rule.action.connector", "goes with"}},
      {"a way for nothing",
       with_action(encrypt + "fallback = \"reject\"\nconnector = \"x\""),
       {15, 13, "rule.action.connector", "goes with"}},
      {"an unknown way",
       with_action(encrypt + "fallback = \"require_tls\"\nconnector = \"x\""),
       {11, 1, "rule.action.connector", "there is no outbound connector \"x\""}},
      {"of a disclaimer",
       with_action("do = \"disclaimer\"\ntext = \"x\"\nfallback = \"require_tls\""),
       {14, 12, "rule.action.fallback", "means nothing to \"disclaimer\""}},
  });
  EXPECT_TRUE(parse_text(with_action(encrypt + "fallback = \"reject\"")).problems.empty());
}

}  // namespace
}  // namespace connectord::config
