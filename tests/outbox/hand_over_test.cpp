#include "connectord/outbox/hand_over.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/scripted_network.h"

namespace connectord::outbox {
namespace {

using probe::testing::ScriptedHost;
using probe::testing::ScriptedNetwork;
using Result = HandedOver::Result;
using testing::ElementsAre;

const net::Endpoint server{net::Endpoint::Kind::inet, {}, "127.0.0.1", 25};
const Mail mail{.sender = "",
                .recipients = {"bob@example.net", "carol@example.net"},
                .content = "Subject: x\r\n\r\n.\r\n\xfc\r\n",
                .message_id = "a@b",
                .is_8bit = true};

class HandOver : public testing::Test {
 protected:
  HandedOver handed(const Mail& given = mail, const Objection& objection = {}) {
    return hand_over(given, server, "mx.example.net", network_,
                     std::chrono::steady_clock::now() + std::chrono::seconds(30), objection);
  }
  ScriptedHost& host() {
    ScriptedHost& host = network_.host("127.0.0.1:25");
    if (host.replies.empty()) host.replies = {{"DATA", "354 go on"}, {"Subject", "250 2.0.0 Ok: queued as 4"}};
    return host;
  }
  void answer(const std::string& command, const std::string& reply) {
    host().replies.insert(host().replies.begin(), {command, reply});
  }
  ScriptedNetwork network_;
};

TEST_F(HandOver, GivesTheMessageToAllRecipientsAtOnce) {
  host();
  const auto result = handed();
  EXPECT_TRUE(result.is_accepted());
  EXPECT_EQ(result.words, "250 2.0.0 Ok: queued as 4");
  EXPECT_THAT(network_.said, ElementsAre("EHLO mx.example.net", "MAIL FROM:<>", "RCPT TO:<bob@example.net>",
                                         "RCPT TO:<carol@example.net>", "DATA", "Subject: x", "QUIT"));
}

TEST_F(HandOver, SaysThatItIsEightBitWhereTheServerKnowsThat) {
  answer("EHLO", "250-mx\r\n250 8BITMIME");
  EXPECT_TRUE(handed().is_accepted());
  EXPECT_TRUE(network_.was_said("MAIL FROM:<> BODY=8BITMIME"));
  Mail ascii = mail;
  ascii.is_8bit = false;
  network_.said.clear();
  EXPECT_TRUE(handed(ascii).is_accepted());
  EXPECT_FALSE(network_.was_said("MAIL FROM:<> BODY"));
}

TEST_F(HandOver, TellsWhatMayComeRightFromWhatWillNot) {
  struct {
    const char* command;
    const char* reply;
    Result result;
  } const cases[] = {
      {"EHLO", "421 4.3.2 later", Result::temporary},
      {"MAIL", "451 4.3.0 later", Result::temporary},
      {"RCPT TO:<carol", "450 4.2.0 later", Result::temporary},
      {"RCPT TO:<carol", "550 5.1.1 nobody", Result::permanent},
      {"DATA", "554 5.5.1 no", Result::permanent},
      {"Subject", "451 4.3.0 later", Result::temporary},
      {"Subject", "554 5.7.1 no", Result::permanent},
  };
  for (const auto& one : cases) {
    network_ = ScriptedNetwork();
    host();
    answer(one.command, one.reply);
    const auto result = handed();
    EXPECT_EQ(result.result, one.result) << one.command << " " << one.reply;
    EXPECT_EQ(result.words, one.reply);
    EXPECT_EQ(network_.was_said("Subject"), std::string(one.command) == "Subject") << one.command;
  }
}

TEST_F(HandOver, IsTemporaryWhereThereIsNoAnswer) {
  EXPECT_EQ(handed().words, "the connection is refused");
  EXPECT_EQ(handed().result, Result::temporary);
  host().greeting_fails = smtp::Failure{smtp::Failure::Kind::timed_out, "timed out"};
  EXPECT_EQ(handed().words, "no answer within 30 s");
  EXPECT_EQ(handed().result, Result::temporary);
}

TEST_F(HandOver, GivesNothingToAddressesThatWouldEndACommand) {
  host();
  for (const char* address : {"", "bob", "bob@example.net>\r\nDATA", "a b@example.net", "b\xc3\xbc@example.net"}) {
    Mail bad = mail;
    bad.recipients = {"bob@example.net", address};
    EXPECT_EQ(handed(bad).result, Result::permanent) << address;
  }
  Mail nobody = mail;
  nobody.recipients.clear();
  EXPECT_EQ(handed(nobody).words, "no recipients");
  EXPECT_TRUE(network_.said.empty());
}

TEST_F(HandOver, IsNotDoneOverAnObjection) {
  host();
  const auto result = handed(mail, [](const smtp::SmtpReply&) { return "it is Sendmail"; });
  EXPECT_EQ(result.result, Result::permanent);
  EXPECT_EQ(result.words, "it is Sendmail");
  EXPECT_THAT(network_.said, ElementsAre("EHLO mx.example.net", "QUIT"));
}

}  // namespace
}  // namespace connectord::outbox
