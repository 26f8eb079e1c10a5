#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "auth/dkim_signing.h"
#include "connectord/outbox/sender.h"
#include "connectord/session/session.h"
#include "engine/builder.h"
#include "log/recording_log.h"
#include "mime/message.h"
#include "probe/scripted_network.h"

namespace connectord::session {
namespace {

using auth::testing::Message;
using model::Action;
using model::RuleActionKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

model::Rule rule(RuleActionKind kind) {
  model::Rule made;
  made.name = "r";
  made.actions.resize(1);
  made.actions[0].kind = kind;
  made.actions[0].to = {"journal@archive.example"};
  made.actions[0].text = "About {subject}";
  return made;
}

class RuleMailTest : public ::testing::Test {
 protected:
  RuleMailTest() {
    configuration_.organization.accepted_domains = engine::test::domains({"example.net"});
    auto& host = network_->host("127.0.0.1:25");
    host.replies = {{"DATA", "354 go on"},
                    {"From:", "250 2.0.0 Ok: queued as 4"},
                    {"X-Connectord-Token:", "250 2.0.0 Ok: queued as 5"}};
  }
  ~RuleMailTest() override { std::filesystem::remove(key_file_); }

  EndOfMessageResult play(const Message& message, const std::string& sender = "<joe@example.com>",
                          const std::string& client = "192.0.2.1") {
    runtime::PolicyStore policies(engine::test::compile(configuration_));
    runtime::Services services{policies, live_, log_, [] { return auth::testing::now; }};
    services.outbox = outbox_;
    Session session(services, intake_);
    session.connected({"client.example", net::IpAddress::parse(client), 25000, 25, false});
    session.mail_from(sender, sender == "<joe@example.com>" ? "joe" : "");
    for (const char* recipient : recipients_) session.rcpt_to(recipient, "4X");
    for (const auto& [name, value] : message.headers) session.header(name, value);
    session.end_of_headers();
    session.body(message.body);
    return session.end_of_message("4X");
  }
  // The mail that was handed over.
  std::vector<std::string> handed() const {
    std::vector<std::string> contents;
    for (const std::string& one : network_->written) {
      if (one.starts_with("From:") || one.starts_with("X-Connectord-Token:")) contents.push_back(one);
    }
    return contents;
  }
  static const model::Finding* mail_finding(const EndOfMessageResult& ending) {
    for (const model::Finding& finding : ending.decision.findings) {
      if (finding.check == std::string_view(model::check::rule_mail)) return &finding;
    }
    return nullptr;
  }

  std::string key_file_ = ::testing::TempDir() + "connectord-rule-mail-key-" + std::to_string(::getpid());
  std::shared_ptr<probe::testing::ScriptedNetwork> network_ = std::make_shared<probe::testing::ScriptedNetwork>();
  std::shared_ptr<outbox::Sender> outbox_ = std::make_shared<outbox::Sender>(key_file_, "", network_);
  model::Configuration configuration_ = engine::test::configuration({});
  std::vector<const char*> recipients_ = {"<user@example.net>"};
  runtime::LiveSessions live_;
  test::RecordingLog log_;
  InFlight intake_;
};

TEST_F(RuleMailTest, AJournalReportHasTheMessageAsItCame) {
  configuration_.rules = {rule(RuleActionKind::journal)};
  Message message = auth::testing::plain_message();
  message.headers.push_back({"X-Connector", " forged"});
  EXPECT_EQ(play(message).answer.action, Action::accept);
  ASSERT_THAT(handed(), SizeIs(1));
  std::string original;
  for (const auto& [name, value] : message.headers) original += name + ":" + value + "\r\n";
  EXPECT_THAT(handed()[0], HasSubstr("\r\n\r\n" + original + "\r\n" + message.body));
  EXPECT_THAT(handed()[0], HasSubstr("\r\nBcc: user@example.net\r\n"));
  EXPECT_TRUE(network_->was_said("RCPT TO:<journal@archive.example>"));
}

TEST_F(RuleMailTest, WhatIsNotJournaledIsNotTaken) {
  configuration_.rules = {rule(RuleActionKind::journal)};
  network_->host("127.0.0.1:25").replies = {{"RCPT", "550 5.1.1 nobody"}};
  EndOfMessageResult ending = play(auth::testing::plain_message());
  ASSERT_EQ(ending.answer.action, Action::defer);
  EXPECT_EQ(to_string(*ending.answer.reply), "451 4.3.0 A journal report cannot be handed over now; try again later");
  EXPECT_EQ(mail_finding(ending)->seen, "550 5.1.1 nobody");
  EXPECT_THAT(log_.lines().back(), HasSubstr("rule.mail: expected inet:127.0.0.1:25 takes a journal report"));
  configuration_.rules[0].on_error = model::OnRuleError::ignore;
  ending = play(auth::testing::plain_message());
  EXPECT_EQ(ending.answer.action, Action::accept);
  EXPECT_EQ(mail_finding(ending)->outcome, model::Outcome::temperror);
}

TEST_F(RuleMailTest, ANoticeThatCannotBeHandedOverLosesNoMail) {
  configuration_.rules = {rule(RuleActionKind::notify)};
  network_->host("127.0.0.1:25").refuses_connection = smtp::Failure{smtp::Failure::Kind::refused, "refused"};
  const EndOfMessageResult ending = play(auth::testing::plain_message());
  EXPECT_EQ(ending.answer.action, Action::accept);
  EXPECT_EQ(mail_finding(ending)->outcome, model::Outcome::temperror);
}

TEST_F(RuleMailTest, ARefusalIsReportedButNotJournaled) {
  model::Rule refusing = rule(RuleActionKind::incident_report);
  refusing.name = "refusing";
  refusing.actions.emplace_back().kind = RuleActionKind::reject;
  configuration_.rules = {rule(RuleActionKind::journal), refusing};
  EXPECT_EQ(play(auth::testing::plain_message()).answer.action, Action::reject);
  ASSERT_THAT(handed(), SizeIs(1));
  EXPECT_THAT(handed()[0], HasSubstr("Rule: refusing\r\n"));
}

TEST_F(RuleMailTest, NothingIsWrittenAboutADeferral) {
  model::Rule deferring = rule(RuleActionKind::defer);
  configuration_.rules = {rule(RuleActionKind::journal), rule(RuleActionKind::notify), deferring};
  EXPECT_EQ(play(auth::testing::plain_message()).answer.action, Action::defer);
  EXPECT_THAT(handed(), IsEmpty());
}

TEST_F(RuleMailTest, NoNoticeAnswersAProgram) {
  configuration_.rules = {rule(RuleActionKind::notify)};
  Message message = auth::testing::plain_message();
  message.headers.push_back({"Auto-Submitted", " auto-replied"});
  const EndOfMessageResult ending = play(message);
  EXPECT_THAT(handed(), IsEmpty());
  EXPECT_EQ(mail_finding(ending)->seen, "none: a program sent it (Auto-Submitted)");
}

TEST_F(RuleMailTest, ARuleWritesSoManyNoticesInAnHour) {
  configuration_.rules = {rule(RuleActionKind::notify)};
  for (int i = 0; i < 70; ++i) play(auth::testing::plain_message());
  EXPECT_THAT(handed(), SizeIs(60));
}

Message parsed(const std::string& content) {
  const auto read = mime::test::message(content);
  Message message;
  for (const auto& field : read.header) message.headers.emplace_back(field.name, " " + field.value);
  message.body = read.body;
  return message;
}

TEST_F(RuleMailTest, OurOwnMailIsKnownByItsBytes) {
  configuration_.rules = {rule(RuleActionKind::notify)};
  play(auth::testing::plain_message());
  ASSERT_THAT(handed(), SizeIs(1));
  std::string content = handed()[0];
  content.resize(content.size() - std::string_view(".\r\n").size());
  const auto asked = [this](const Message& message) { return !play(message, "<>").decision.rules.empty(); };
  EXPECT_FALSE(asked(parsed(content)));
  Message other = parsed(content);
  other.body += "A program is attached\r\n";
  EXPECT_TRUE(asked(other));
  Message renamed = parsed(content);
  for (auto& [name, value] : renamed.headers) {
    if (name == "Message-ID") value = " <x@y.example>";
  }
  EXPECT_TRUE(asked(renamed));
}

TEST_F(RuleMailTest, ApproversAreAskedEachByHimself) {
  configuration_.server.api_url = "https://mx.example.net";
  configuration_.rules = {rule(RuleActionKind::hold_for_approval)};
  configuration_.rules[0].actions[0].approvers = {"boss@example.net", "deputy@example.net"};
  const EndOfMessageResult ending = play(auth::testing::plain_message());
  EXPECT_EQ(ending.answer.action, Action::quarantine);
  EXPECT_EQ(ending.answer.quarantine, "rule r wants approval");
  ASSERT_THAT(handed(), SizeIs(2));
  std::vector<std::string> codes;
  for (std::string mail : handed()) {
    for (std::size_t soft; (soft = mail.find("=\r\n")) != std::string::npos;) mail.erase(soft, 3);
    const std::size_t begin = mail.find("https://mx.example.net/approval/4X.");
    ASSERT_NE(begin, std::string::npos) << mail;
    const std::string link = mail.substr(begin, mail.find('\r', begin) - begin);
    codes.push_back(link.substr(link.rfind('.') + 1));
    EXPECT_EQ(codes.back().size(), 64U) << link;
  }
  EXPECT_NE(codes[0], codes[1]);
  for (const std::string& line : log_.lines()) {
    for (const std::string& code : codes) EXPECT_EQ(line.find(code), std::string::npos) << line;
  }
}

TEST_F(RuleMailTest, WhatNobodyCanApproveOfIsNotHeldForEver) {
  configuration_.rules = {rule(RuleActionKind::hold_for_approval)};
  configuration_.rules[0].actions[0].approvers = {"boss@example.net"};
  network_->host("127.0.0.1:25").refuses_connection = smtp::Failure{smtp::Failure::Kind::refused, "refused"};
  EndOfMessageResult ending = play(auth::testing::plain_message());
  ASSERT_EQ(ending.answer.action, Action::defer);
  EXPECT_EQ(to_string(*ending.answer.reply), "451 4.3.0 Nobody can be asked for approval now; try again later");
  configuration_.rules[0].on_error = model::OnRuleError::ignore;
  EXPECT_EQ(play(auth::testing::plain_message()).answer.action, Action::quarantine);
}

model::Rule for_boss_alone() {
  model::Rule made = rule(RuleActionKind::prepend_subject);
  made.actions[0].text = "[Boss] ";
  made.split = "copy";
  made.when.emplace().recipient = {"boss@example.net"};
  return made;
}

TEST_F(RuleMailTest, TheOthersGetTheMessageAsItCame) {
  configuration_.rules = {for_boss_alone()};
  recipients_ = {"<user@example.net>", "<boss@example.net>"};
  const Message message = auth::testing::plain_message();
  const EndOfMessageResult ending = play(message);
  EXPECT_EQ(ending.answer.action, Action::accept);
  EXPECT_THAT(ending.removed_recipients, ElementsAre("<user@example.net>"));
  EXPECT_EQ(ending.decision.changes.subject_prefixes.size(), 1U);
  ASSERT_THAT(handed(), SizeIs(1));
  EXPECT_TRUE(network_->was_said("MAIL FROM:<joe@example.com>"));
  EXPECT_TRUE(network_->was_said("RCPT TO:<user@example.net>"));
  EXPECT_FALSE(network_->was_said("RCPT TO:<boss@example.net>"));
  EXPECT_THAT(handed()[0], HasSubstr(message.body));
  EXPECT_EQ(handed()[0].find("[Boss]"), std::string::npos);
}

TEST_F(RuleMailTest, ACopyThatIsNotTakenDefersTheMessage) {
  configuration_.rules = {for_boss_alone()};
  recipients_ = {"<user@example.net>", "<boss@example.net>"};
  network_->host("127.0.0.1:25").replies = {{"RCPT", "451 4.3.0 later"}};
  const EndOfMessageResult ending = play(auth::testing::plain_message());
  EXPECT_EQ(ending.answer.action, Action::defer);
  EXPECT_THAT(ending.decision.changes.subject_prefixes, IsEmpty());
}

TEST_F(RuleMailTest, ACopyGetsRoundNoOtherRule) {
  model::Rule hold = rule(RuleActionKind::quarantine);
  hold.name = "hold";
  for (const auto& other : {hold, rule(RuleActionKind::remove), rule(RuleActionKind::bcc)}) {
    configuration_.rules = {for_boss_alone(), other};
    recipients_ = {"<user@example.net>", "<boss@example.net>"};
    const EndOfMessageResult ending = play(auth::testing::plain_message());
    EXPECT_THAT(handed(), IsEmpty()) << model::word_of(other.actions[0].kind);
    EXPECT_EQ(ending.answer.action == Action::accept, other.actions[0].kind == RuleActionKind::bcc);
  }
}

TEST_F(RuleMailTest, WhoOnlyLooksHandsNothingOver) {
  configuration_.rules = {rule(RuleActionKind::journal)};
  outbox_ = nullptr;
  const EndOfMessageResult ending = play(auth::testing::plain_message());
  EXPECT_EQ(ending.answer.action, Action::accept);
  EXPECT_EQ(mail_finding(ending)->seen, "nothing is handed over here");
  EXPECT_THAT(network_->connections, IsEmpty());
}

}  // namespace
}  // namespace connectord::session
