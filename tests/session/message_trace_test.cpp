#include <gtest/gtest.h>

#include "connectord/mail/path.h"
#include "connectord/session/policy_request_handler.h"
#include "connectord/session/session.h"
#include "connectord/session/validation_mark.h"
#include "engine/builder.h"
#include "log/recording_log.h"

namespace connectord::session {
namespace {

using namespace engine::test;  // NOLINT: short forms of connectors
using model::Action;

// Keeps what it is given as one line each, or fails.
class FakeStore : public trace::Store {
 public:
  tl::expected<void, std::string> append(const trace::Entry& entry) override {
    if (fails) return tl::unexpected(std::string("the disk is full"));
    std::string line = std::string(to_string(entry.stage)) + " " + std::string(to_string(entry.direction)) + " " +
                       std::string(to_string(entry.decision.action)) + " <" + entry.facts.mail_from.address + ">";
    for (const std::string& recipient : entry.recipients) line += " " + recipient;
    if (!entry.queue_id.empty()) line += " id=" + std::string(entry.queue_id);
    if (!entry.decision.connector.empty()) line += " connector=" + entry.decision.connector;
    if (!entry.outbound_connector.empty()) line += " outbound=" + std::string(entry.outbound_connector);
    for (const std::string& connector : entry.outbound_connectors) line += " outbound=<" + connector + ">";
    if (!entry.message_id.empty()) line += " message-id=" + std::string(entry.message_id);
    if (!entry.from.empty()) line += " from=" + std::string(entry.from);
    if (!entry.subject.empty()) line += " subject=" + std::string(entry.subject);
    if (entry.size) line += " size=" + std::to_string(*entry.size);
    if (entry.decision.reply) line += " " + std::to_string(entry.decision.reply->code);
    if (entry.is_reported) line += " reported";
    lines.push_back(line);
    times = {entry.connected, entry.began, entry.time};
    return {};
  }
  tl::expected<trace::Recorded, std::string> record(const trace::LogBatch&) override { return trace::Recorded{}; }
  tl::expected<std::string, std::string> position() override { return std::string(); }
  std::size_t waiting() const override { return 0; }
  trace::Condition condition() const override { return {}; }

  std::vector<std::string> take() { return std::exchange(lines, {}); }

  bool fails = false;
  std::vector<std::string> lines;
  std::vector<std::int64_t> times;
};

using Lines = std::vector<std::string>;

class MessageTraceTest : public testing::Test {
 protected:
  model::Configuration configuration_ = configuration({partner("contoso").from_domains({"contoso.com"}).tls()});
  runtime::LiveSessions live_;
  test::RecordingLog log_;
  InFlight intake_;
  FakeStore store_;
  std::int64_t clock_ = 1000;
  std::shared_ptr<const outbox::Key> mail_key_ = std::make_shared<const outbox::Key>(std::string(64, 'k'));
  std::unique_ptr<runtime::PolicyStore> policies_;
  std::unique_ptr<Session> session_;

  void SetUp() override { configuration_.trace.emplace().store = "sqlite:/nowhere"; }

  runtime::Services services() {
    if (!policies_) policies_ = std::make_unique<runtime::PolicyStore>(engine::test::compile(configuration_));
    return {.policies = *policies_,
            .live = live_,
            .log = log_,
            .trace = &store_,
            .unix_milliseconds = [this] { return clock_ += 10; },
            .mail_key = mail_key_};
  }
  Session& session() {
    if (!session_) {
      session_ = std::make_unique<Session>(services(), intake_);
      session_->connected({"mail.example.org", net::IpAddress::parse("192.0.2.1"), 25000, 25, false});
      session_->helo("mail.example.org");
    }
    return *session_;
  }
  static std::string brief(const Answer& answer) {
    return answer.reply ? std::to_string(answer.reply->code) + " " + answer.reply->enhanced : "go on";
  }
  std::string rcpt(const std::string& sender, const std::string& recipient = "user@example.net") {
    session().mail_from("<" + sender + ">", "");
    return brief(session().rcpt_to("<" + recipient + ">", ""));
  }
};

TEST_F(MessageTraceTest, AMessageIsKeptAtItsEndWithItsRecipients) {
  EXPECT_EQ(rcpt("bob@other.example"), "go on");
  session().rcpt_to("<second@example.net>", "4X");
  EXPECT_EQ(store_.take(), Lines{}) << "no final answer yet";
  session().header("Message-ID", " <1@other.example>");
  session().header("from", " Bob <bob@other.example>");
  session().header("Subject", " secret");
  session().end_of_headers();
  session().body("Hello\r\n");
  EXPECT_EQ(brief(session().end_of_message("4X").answer), "go on");
  EXPECT_EQ(store_.take(), Lines{"message inbound accept <bob@other.example> user@example.net second@example.net id=4X "
                                 "message-id= <1@other.example> from= Bob <bob@other.example> size=88"});
  EXPECT_EQ(store_.times, (std::vector<std::int64_t>{1010, 1020, 1030}));
}

TEST_F(MessageTraceTest, MailOfOthersCountsInReportsWhereTheseAreSent) {
  configuration_.reports.dmarc = true;
  const auto kept = [this](std::string_view user) {
    Session& one = session();
    one.mail_from("<bob@other.example>", user);
    one.rcpt_to("<user@example.net>", "4X");
    one.end_of_headers();
    one.end_of_message("4X");
    return store_.take().front();
  };
  EXPECT_TRUE(kept("").ends_with(" reported"));
  EXPECT_FALSE(kept("carol").ends_with(" reported"));
}

TEST_F(MessageTraceTest, EachRefusedRecipientIsKeptBeforeItsAnswer) {
  EXPECT_EQ(rcpt("a@contoso.com", "one@example.net"), "550 5.7.10");
  EXPECT_EQ(brief(session().rcpt_to("<two@example.net>", "")), "550 5.7.10");
  session().abort();
  EXPECT_EQ(store_.take(), (Lines{"rcpt_to inbound reject <a@contoso.com> one@example.net connector=contoso 550",
                                  "rcpt_to inbound reject <a@contoso.com> two@example.net connector=contoso 550"}));
}

TEST_F(MessageTraceTest, SubjectsAreKeptWhereTheConfigurationSaysSo) {
  configuration_.trace->subject = true;
  rcpt("bob@other.example");
  session().header("SUBJECT", " hello");
  session().end_of_message("4X");
  EXPECT_NE(store_.take().at(0).find("subject= hello"), std::string::npos);
}

TEST_F(MessageTraceTest, TheSizeIsNotKnownWithoutABody) {
  rcpt("bob@other.example");
  session().header("Subject", " x");
  session().end_of_message("4X");
  EXPECT_EQ(store_.take().at(0).find("size="), std::string::npos);
}

TEST_F(MessageTraceTest, NothingOfOneMessageIsKeptWithTheNext) {
  rcpt("bob@other.example");
  session().header("Message-ID", " <1@other.example>");
  session().body("Hello\r\n");
  session().end_of_message("4X");
  store_.take();
  rcpt("eve@other.example");
  session().end_of_message("4Y");
  EXPECT_EQ(store_.take(), Lines{"message inbound accept <eve@other.example> user@example.net id=4Y"});
}

TEST_F(MessageTraceTest, MailOfOurUsersIsOutbound) {
  session().mail_from("<user@example.net>", "user");
  session().rcpt_to("<x@other.example>", "4X");
  session().end_of_message("4X");
  EXPECT_EQ(store_.take(), Lines{"message outbound accept <user@example.net> x@other.example id=4X"});
}

TEST_F(MessageTraceTest, WhatWeTryOurselvesIsNobodysMail) {
  const std::int64_t now = services().unix_time();
  session().mail_from("<a@contoso.com>", "", dialogue_mark(*mail_key_, "a@contoso.com", now));
  EXPECT_EQ(brief(session().rcpt_to("<one@example.net>", "")), "550 5.7.10");
  session().abort();
  EXPECT_EQ(store_.take(), Lines{"rcpt_to validation reject <a@contoso.com> one@example.net connector=contoso 550"});
  session().mail_from("<a@contoso.com>", "", dialogue_mark(outbox::Key(std::string(64, 'x')), "a@contoso.com", now));
  session().rcpt_to("<one@example.net>", "");
  session().abort();
  EXPECT_EQ(store_.take(), Lines{"rcpt_to inbound reject <a@contoso.com> one@example.net connector=contoso 550"});
  for (const char* direction : {"validation", "outbound"}) {
    session().mail_from("<>", "user");
    session().rcpt_to("<x@other.example>", "4X");
    session().header("Message-ID", " <1@mx.example.net>");
    if (direction == std::string("validation")) {
      session().header("X-Connectord-Token", " " + message_mark(*mail_key_, "1@mx.example.net", now));
    }
    session().end_of_message("4X");
    EXPECT_EQ(store_.take(), Lines{"message " + std::string(direction) +
                                   " accept <> x@other.example id=4X message-id= <1@mx.example.net>"});
  }
}

TEST_F(MessageTraceTest, MailThatLeavesByAConnectorNamesIt) {
  model::OutboundConnector smart;
  smart.name = "smart";
  smart.recipient_domains = {net::DomainPattern::parse("fabrikam.example").value()};
  configuration_.outbound.push_back(smart);
  session().mail_from("<user@example.net>", "user");
  session().rcpt_to("<x@fabrikam.example>", "4X");
  session().end_of_message("4X");
  EXPECT_EQ(store_.take(), Lines{"message outbound accept <user@example.net> x@fabrikam.example id=4X outbound=smart"});
  session().mail_from("<user@example.net>", "user");
  session().rcpt_to("<x@fabrikam.example>", "4Y");
  session().rcpt_to("<x@other.example>", "4Y");
  session().end_of_message("4Y");
  EXPECT_EQ(store_.take(), Lines{"message outbound accept <user@example.net> x@fabrikam.example x@other.example id=4Y "
                                 "outbound=<smart> outbound=<>"});
}

TEST_F(MessageTraceTest, ARefusalBeforeAnyRecipientIsKeptToo) {
  session();
  intake_.close();
  EXPECT_EQ(brief(session().mail_from("<bob@other.example>", "")), "451 4.3.2");
  EXPECT_EQ(store_.take(), Lines{"mail_from inbound defer <bob@other.example> 451"});
}

TEST_F(MessageTraceTest, WhatCannotBeKeptIsDeferred) {
  store_.fails = true;
  EXPECT_EQ(rcpt("a@contoso.com"), "451 4.3.0") << "not even a refusal is given without a trace";
  session().abort();
  EXPECT_EQ(rcpt("bob@other.example"), "go on");
  const EndOfMessageResult ending = session().end_of_message("4X");
  EXPECT_EQ(brief(ending.answer), "451 4.3.0");
  EXPECT_EQ(ending.decision.action, Action::defer);
  EXPECT_EQ(ending.decision.findings.back().check, "trace");
  EXPECT_EQ(ending.decision.findings.back().seen, "the disk is full");
  const std::string line = log_.lines().back();
  EXPECT_NE(line.find("action=defer"), std::string::npos) << line;
  EXPECT_NE(line.find("the disk is full"), std::string::npos) << line;
}

TEST_F(MessageTraceTest, WhatCannotBeKeptGoesOnWhereTheConfigurationSaysSo) {
  configuration_.trace->on_failure = model::OnTraceFailure::accept;
  store_.fails = true;
  EXPECT_EQ(rcpt("a@contoso.com"), "550 5.7.10");
  session().abort();
  EXPECT_EQ(rcpt("bob@other.example"), "go on");
  EXPECT_EQ(brief(session().end_of_message("4X").answer), "go on");
}

TEST_F(MessageTraceTest, AConfigurationWithoutATraceKeepsNothing) {
  configuration_.trace.reset();
  store_.fails = true;
  EXPECT_EQ(rcpt("a@contoso.com"), "550 5.7.10");
}

TEST_F(MessageTraceTest, ThePolicyServiceKeepsWhatItRefusesByItself) {
  PolicyRequestHandler inquirer(services());
  PolicyRequest request;
  request.facts.client_address = net::IpAddress::parse("192.0.2.77");
  request.facts.client_port = 4000;
  request.facts.mail_from = mail::parse_reverse_path("a@contoso.com");
  request.facts.recipients = {"user@example.net"};
  request.facts.certificate.sha256 = "";
  EXPECT_EQ(brief(inquirer.ask(request)), "550 5.7.10");
  EXPECT_EQ(store_.take(), Lines{"rcpt_to inbound reject <a@contoso.com> user@example.net connector=contoso 550"});
  request.facts.mail_from = mail::parse_reverse_path("a@other.example");
  EXPECT_EQ(brief(inquirer.ask(request)), "go on");
  EXPECT_EQ(store_.take(), Lines{}) << "the mail server goes on asking";
}

}  // namespace
}  // namespace connectord::session
