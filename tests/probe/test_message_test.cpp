#include "outbound_fixture.h"
#include "scripted_archive.h"

namespace connectord::probe {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using trace::Status;

// Our own server listens at 127.0.0.1:25, and the message is in the trace after the third look.
class TestMessage : public testing::OutboundValidation {
 protected:
  TestMessage() {
    options_.send = true;
    archive_ = &trace_;
    own_server().replies = {{"DATA", "354 go ahead"}, {"From:", "250 2.0.0 Ok: queued as 4XYZ"}};
    message_.outbound_connector = "contoso-out";
    trace_.found = [this](const trace::Query&) {
      std::vector<trace::Row> rows;
      if (trace_.queries.size() > 2) rows.push_back(testing::row_of(7, message_, status_));
      return rows;
    };
    delivered("mx.contoso.com[192.0.2.1]:25");
  }

  testing::ScriptedHost& own_server() { return host("127.0.0.1:25"); }

  void delivered(const std::string& relay) {
    status_ = Status::delivered;
    trace_.attempts = {{delivery(Status::delivered, relay, "250 2.0.0 Ok"), 7}};
  }
  static trace::Delivery delivery(Status status, const std::string& relay, const std::string& text) {
    trace::Delivery made;
    made.time = 1'000'000'003'000;
    made.status = status;
    made.relay = relay;
    made.tls = "Trusted TLSv1.3 with cipher TLS_AES_256_GCM_SHA384";
    made.text = text;
    return made;
  }

  testing::ScriptedArchive trace_;
  trace::Message message_;
  Status status_ = Status::getting_status;
};

TEST_F(TestMessage, IsSentThroughOurOwnServerAndFollowedToItsEnd) {
  const Report report = validate();
  EXPECT_EQ(outcome(report), "passed");
  EXPECT_THAT(report.summary,
              StartsWith("arrived at 2001-09-09 01:46:43 UTC over Trusted TLSv1.3 with cipher TLS_AES_256_GCM_SHA384, "
                         "at mx.contoso.com[192.0.2.1]:25: 250 2.0.0 Ok, through contoso-out"));
  EXPECT_TRUE(network_.was_said("DATA"));
  ASSERT_FALSE(trace_.queries.empty());
  EXPECT_THAT(trace_.queries[0].message_id, StartsWith("connectord-validation."));
}

TEST_F(TestMessage, IsNotSentUnlessSomebodyAsksForIt) {
  options_.send = false;
  EXPECT_EQ(outcome(validate()), "passed");
  EXPECT_FALSE(network_.was_said("DATA"));
}

TEST_F(TestMessage, NeedsARecipientAndATrace) {
  options_.recipient.clear();
  EXPECT_THAT(outcome(validate()), StartsWith("incomplete: "));
  options_.recipient = "postmaster@contoso.com";
  archive_ = nullptr;
  EXPECT_THAT(outcome(validate()), HasSubstr("nobody could follow it"));
  EXPECT_FALSE(network_.was_said("DATA"));
}

TEST_F(TestMessage, IsNotSentToHostsThatRefuseIt) {
  host().replies = {{"RCPT", "550 5.1.1 nobody of that name"}};
  EXPECT_THAT(outcome(validate()), StartsWith("rejected: "));
  EXPECT_FALSE(network_.was_said("DATA"));
}

TEST_F(TestMessage, ThatArrivesOutweighsThatTheProbeWasDeferred) {
  host().replies = {{"RCPT", "450 4.7.1 Greylisted"}};
  const Report report = validate();
  EXPECT_EQ(outcome(report), "passed");
  EXPECT_TRUE(warns(report, "smtp.rcpt"));
}

TEST_F(TestMessage, ThatTakesAnotherConnectorSaysWhichAndWhy) {
  model::OutboundConnector other;
  other.name = "all-else";
  other.recipient_domains = {net::DomainPattern::parse("*").value()};
  configuration_.outbound = {other};
  connector_.recipient_domains = {net::DomainPattern::parse("fabrikam.com").value()};
  message_.outbound_connector = "all-else";
  const Report report = validate();
  EXPECT_THAT(outcome(report), StartsWith("other_route: "));
  EXPECT_EQ(find(report, "trace.connector")->finding.seen, "all-else (trace row 7)");
  EXPECT_EQ(find(report, "trace.connector")->finding.hint, "contoso.com is none of the connector's recipient_domains");
}

TEST_F(TestMessage, ThatTheMailServerSendsAnotherWayThanConnectordSaysIsFound) {
  delivered("relay.example.net[198.51.100.7]:25");
  const Report report = validate();
  EXPECT_THAT(outcome(report), StartsWith("other_route: "));
  EXPECT_THAT(find(report, "delivery.relay")->finding.hint, HasSubstr("transport_maps"));
}

TEST_F(TestMessage, KnowsARelayByItsAddressAlone) {
  delivered("192.0.2.1:25");
  EXPECT_EQ(outcome(validate()), "passed");
}

TEST_F(TestMessage, ThatStaysInTheQueueSaysWhy) {
  status_ = Status::pending;
  trace_.attempts = {{delivery(Status::pending, "mx.contoso.com[192.0.2.1]:25", "451 4.3.0 try later"), 7}};
  const Report report = validate();
  EXPECT_THAT(outcome(report), StartsWith("deferred: "));
  EXPECT_THAT(report.summary, HasSubstr("451 4.3.0 try later"));
}

TEST_F(TestMessage, ThatFailsSaysWhy) {
  status_ = Status::failed;
  trace_.attempts = {{delivery(Status::failed, "mx.contoso.com[192.0.2.1]:25", "550 5.7.1 no"), 7}};
  EXPECT_THAT(outcome(validate()), StartsWith("rejected: "));
}

TEST_F(TestMessage, ThatNobodyTellsOfIsIncomplete) {
  status_ = Status::getting_status;
  trace_.attempts.clear();
  const Report report = validate();
  EXPECT_THAT(outcome(report), StartsWith("incomplete: "));
  EXPECT_THAT(find(report, "trace.delivery")->finding.hint, HasSubstr("trace.mail_log"));
}

TEST_F(TestMessage, ThatNeverComesIntoTheTraceSaysThatConnectordIsNotAsked) {
  trace_.found = [](const trace::Query&) { return std::vector<trace::Row>(); };
  const Report report = validate();
  EXPECT_THAT(outcome(report), StartsWith("incomplete: "));
  EXPECT_THAT(find(report, "trace.message")->finding.hint, HasSubstr("does not ask connectord"));
}

TEST_F(TestMessage, IsNotSentBySendmailWhereItCannotDoWhatTheConnectorSays) {
  own_server().replies.insert(own_server().replies.begin(),
                              {"EHLO", "250 mx.example.net Hello localhost [127.0.0.1], pleased to meet you"});
  EXPECT_EQ(outcome(validate()), "passed");
  connector_.route.smart_hosts = {{"mx.contoso.com", false, 2525}};
  host("192.0.2.1:2525") = host();
  network_.said.clear();
  const Report report = validate();
  EXPECT_EQ(outcome(report),
            "other_route: mail not using the connector at inet:127.0.0.1:25: connector contoso-out: Sendmail cannot be "
            "told of another port than 25: [mx.contoso.com]:2525");
  EXPECT_FALSE(network_.was_said("DATA"));
}

TEST_F(TestMessage, ThatOurOwnServerRefusesSaysWhatItSaid) {
  own_server().replies = {{"RCPT", "554 5.7.1 relay access denied"}};
  EXPECT_THAT(outcome(validate()), HasSubstr("554 5.7.1 relay access denied"));
}

}  // namespace
}  // namespace connectord::probe
