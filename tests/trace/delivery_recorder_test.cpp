#include "connectord/trace/delivery_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maillog/mail_log_line.h"

namespace connectord::trace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Keeps what it is given as lines of text.
class FakeStore : public Store {
 public:
  tl::expected<void, std::string> append(const Entry&) override { return {}; }
  tl::expected<Recorded, std::string> record(const LogBatch& batch) override {
    if (broken) return tl::unexpected(std::string("disk full"));
    for (const Queued& queued : batch.queued) sizes.push_back(queued.queue_id + " " + std::to_string(queued.size));
    for (const Requeueing& child : batch.children) children.push_back(child.queue_id + " -> " + child.child_queue_id);
    for (const Delivery& delivery : batch.deliveries) {
      deliveries.push_back(delivery.queue_id + " <" + delivery.recipient + "> <" + delivery.address + "> " +
                           std::string(to_string(delivery.status)) + (delivery.is_only_one ? " alone" : ""));
      texts.push_back(delivery.text);
      last = delivery;
    }
    for (const Entry& entry : batch.refusals) {
      refusals.push_back(std::string(to_string(entry.decision.action)) + " " + to_string(*entry.decision.reply) +
                         " to " + testing::PrintToString(entry.recipients) + " client " +
                         entry.facts.client_address->to_string());
    }
    kept = batch.position;
    return Recorded{};
  }
  tl::expected<std::string, std::string> position() override { return kept; }
  std::size_t waiting() const override { return 0; }
  Condition condition() const override { return {}; }

  bool broken = false;
  std::string kept;
  std::vector<std::string> sizes;
  std::vector<std::string> children;
  std::vector<std::string> deliveries;
  std::vector<std::string> texts;
  std::vector<std::string> refusals;
  Delivery last;
};

class DeliveryRecorderTest : public testing::Test {
 protected:
  static maillog::LoggedBatch batch_of(const std::vector<std::string>& messages) {
    static int number = 0;
    maillog::LoggedBatch batch;
    for (const auto& message : messages) {
      const std::string line = "2026-11-21T22:52:18Z mx " + message;
      auto event = maillog::parse_mail_log_line(line, maillog::LogClock::of_this_machine({}));
      EXPECT_TRUE(event) << line;
      if (event) batch.events.push_back(std::move(*event));
    }
    batch.position = "position " + std::to_string(++number);
    return batch;
  }
  void log(const std::vector<std::string>& messages) { ASSERT_TRUE(recorder_.take(batch_of(messages))); }

  static std::string delivery(const std::string& process, const std::string& queue_id, const std::string& to,
                              const std::string& relay, const std::string& end) {
    return "postfix/" + process + ": " + queue_id + ": to=<" + to + ">, relay=" + relay +
           ", delay=1.5, delays=1/0/0/0.5, dsn=" + end;
  }

  FakeStore store_;
  DeliveryRecorder recorder_{store_, nullptr};
};

constexpr const char* remote = "mx.b.example[192.0.2.1]:25";

TEST_F(DeliveryRecorderTest, RecordsADelivery) {
  log({"postfix/qmgr[2]: 4ABCDEF: from=<x@y.example>, size=320, nrcpt=2 (queue active)",
       delivery("smtp[1]", "4ABCDEF", "a@b.example", remote, "2.0.0, status=sent (250 ok)")});
  EXPECT_THAT(store_.sizes, ElementsAre("4ABCDEF 320"));
  EXPECT_THAT(store_.deliveries, ElementsAre("4ABCDEF <a@b.example> <> delivered"));
  EXPECT_EQ(store_.last.time, 1'795'301'538'000);
  EXPECT_EQ(store_.last.relay, remote);
  EXPECT_EQ(store_.last.enhanced, "2.0.0");
  EXPECT_EQ(store_.last.text, "250 ok");
  EXPECT_EQ(store_.last.delay, 1500);
  EXPECT_EQ(store_.last.tls, "");
}

TEST_F(DeliveryRecorderTest, SaysWhereAQueueFileHasOneRecipient) {
  const std::string active = "postfix/qmgr[2]: 4ABCDEF: from=<x@y.example>, size=320, nrcpt=";
  const auto to = [](const std::string& daemon, const std::string& original, const std::string& end) {
    return "postfix/" + daemon + "[1]: 4ABCDEF: to=<a@b.example>, orig_to=<" + original +
           ">, relay=local, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (" + end + ")";
  };
  log({active + "1 (queue active)", to("smtp", "both", "ok")});
  EXPECT_EQ(store_.deliveries.back(), "4ABCDEF <both> <a@b.example> delivered alone");
  log({active + "2 (queue active)", active + "1 (queue active)", to("smtp", "both", "ok")});
  EXPECT_EQ(store_.deliveries.back(), "4ABCDEF <both> <a@b.example> delivered");
  log({"postfix/cleanup[1]: 4ABCDEF: message-id=<later@y.example>", active + "1 (queue active)",
       to("local", "team", "forwarded as 4FFFFFF")});
  EXPECT_EQ(store_.deliveries.back(), "4ABCDEF <team> <a@b.example> expanded alone");
  log({to("smtp", "both", "ok")});
  EXPECT_EQ(store_.deliveries.back(), "4ABCDEF <both> <a@b.example> delivered") << "others have come of it";
  log({"sm-mta[7]: 6ALNvWAX014773: from=<x@y.example>, size=84, class=0, nrcpts=1, msgid=<m@y.example>",
       "sm-mta[7]: 6ALNvWAX014773: to=<a@b.example>, ctladdr=<team@b.example> (8/0), delay=00:00:01, mailer=esmtp, "
       "pri=1, relay=h. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)"});
  EXPECT_EQ(store_.deliveries.back(), "6ALNvWAX014773 <a@b.example> <> delivered") << "aliases are not counted";
  EXPECT_EQ(store_.last.on_behalf_of, "team@b.example");
}

TEST_F(DeliveryRecorderTest, KeepsEachAttempt) {
  log({delivery("smtp[1]", "4ABCDEF", "a@b.example", "none", "4.4.1, status=deferred (no)"),
       delivery("smtp[1]", "4ABCDEF", "a@b.example", remote, "5.1.1, status=bounced (550 no)")});
  EXPECT_THAT(store_.deliveries, ElementsAre("4ABCDEF <a@b.example> <> pending", "4ABCDEF <a@b.example> <> failed"));
}

TEST_F(DeliveryRecorderTest, ClaimsNoMoreProtectionThanTheLogShows) {
  const std::string sent = "2.0.0, status=sent (250 ok)";
  const std::string local = "127.0.0.1[127.0.0.1]:10025";
  struct {
    const char* title;
    const char* trust;  // empty: the log has no TLS
    std::string relay;
    std::string end;
    std::optional<Protection> asked;
    std::optional<Protection> expected;
  } const cases[] = {
      {"DANE", "Verified", remote, sent, Protection::dane, Protection::dane},
      {"a policy", "Verified", remote, sent, Protection::mta_sts, Protection::mta_sts},
      {"settings of main.cf", "Verified", remote, sent, std::nullopt, Protection::verified},
      {"another table came first", "Trusted", remote, sent, Protection::dane, Protection::encrypted},
      {"opportunistic", "Untrusted", remote, sent, std::nullopt, Protection::encrypted},
      {"no TLS", "", remote, sent, Protection::dane, Protection::none},
      {"a filter of ours", "", local, sent, std::nullopt, std::nullopt},
      {"not taken", "Verified", remote, "4.0.0, status=deferred (later)", Protection::dane, std::nullopt},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.title);
    DeliveryRecorder recorder(store_, nullptr,
                              [&one](const maillog::DeliveryAttempt& attempt, const std::string& recipient,
                                     std::int64_t) -> std::optional<Protection> {
                                EXPECT_EQ(attempt.relay.name, "mx.b.example");
                                EXPECT_EQ(recipient, "a@b.example");
                                return one.asked;
                              });
    std::vector<std::string> lines = {delivery("smtp[1]", "4ABCDEF", "a@b.example", one.relay, one.end)};
    if (*one.trust != '\0') {
      lines.insert(lines.begin(), "postfix/smtp[1]: " + std::string(one.trust) + " TLS connection established to " +
                                      one.relay + ": TLSv1.3 with cipher X (256/256 bits)");
    }
    ASSERT_TRUE(recorder.take(batch_of(lines)));
    EXPECT_EQ(store_.last.protection, one.expected);
  }
}

TEST_F(DeliveryRecorderTest, KnowsTheTlsOfADeliveryByItsProcessAndRelay) {
  const std::string tls =
      "Trusted TLS connection established to mx.b.example[192.0.2.1]:25: TLSv1.3 with cipher X (256/256 bits)";
  const std::string sent = "2.0.0, status=sent (250 ok)";
  const std::string known = "Trusted TLSv1.3 with cipher X";
  log({"postfix/smtp[1]: " + tls, delivery("smtp[1]", "4ABCDEF", "a@b.example", remote, sent)});
  EXPECT_EQ(store_.last.tls, known);
  log({delivery("smtp[1]", "4ABCDEF", "c@b.example", remote, sent)});
  EXPECT_EQ(store_.last.tls, known) << "another recipient over the same connection";
  log({delivery("smtp[1]", "4BBBBBB", "a@b.example", std::string(remote) + ", conn_use=2", sent)});
  EXPECT_EQ(store_.last.tls, known) << "another message over the same connection";
  log({delivery("smtp[1]", "4CCCCCC", "a@b.example", remote, sent)});
  EXPECT_EQ(store_.last.tls, "") << "a new connection, of which nothing was told";
  log({delivery("smtp[3]", "4ABCDEF", "a@b.example", remote, sent)});
  EXPECT_EQ(store_.last.tls, "") << "another process";
  log({delivery("smtp[1]", "4ABCDEF", "a@b.example", "mx2.b.example[192.0.2.2]:25", sent)});
  EXPECT_EQ(store_.last.tls, "") << "another relay";
}

TEST_F(DeliveryRecorderTest, SaysWhySendmailKeptAMessageBackAlthoughAnotherLineTellsIt) {
  const std::string line = "sendmail[52]: 6AM6QbeM000050: ";
  const std::string withheld = line + "ruleset=tls_rcpt, arg1=c@d.example, relay=mx.d., reject=403 4.7.0 no TLS";
  const std::string to = line +
                         "to=<c@d.example>,<e@d.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, "
                         "pri=30164, relay=mx.d. [203.0.113.65], dsn=";
  log({withheld});
  log({to + "4.2.0, stat=Deferred"});
  EXPECT_THAT(store_.refusals, IsEmpty());
  EXPECT_THAT(store_.deliveries,
              ElementsAre("6AM6QbeM000050 <c@d.example> <> pending", "6AM6QbeM000050 <e@d.example> <> pending"));
  EXPECT_THAT(store_.texts, ElementsAre("Deferred: 403 4.7.0 no TLS", "Deferred"));
  log({to + "4.2.0, stat=Deferred"});
  EXPECT_EQ(store_.texts.at(2), "Deferred") << "another attempt has a reason of its own";
  log({line + "ruleset=tls_server, arg1=FAIL, relay=mx.d., reject=403 4.7.0 no TLS", to + "4.2.0, stat=Deferred"});
  EXPECT_EQ(store_.texts.at(4), "Deferred: 403 4.7.0 no TLS");
  EXPECT_EQ(store_.texts.at(5), "Deferred: 403 4.7.0 no TLS");
  log({withheld, to + "2.0.0, stat=Sent (ok)"});
  EXPECT_EQ(store_.texts.at(6), "ok");
}

TEST_F(DeliveryRecorderTest, FollowsAContentFilterOnThisMachine) {
  log({"postfix/smtpd[4]: 4FFFFFF: client=localhost[127.0.0.1]",
       delivery("smtp[1]", "4ABCDEF", "a@b.example", "127.0.0.1[127.0.0.1]:10024",
                "2.0.0, status=sent (250 Ok: queued as 4FFFFFF)"),
       delivery("smtp[1]", "4FFFFFF", "a@b.example", remote, "2.0.0, status=sent (250 Ok: queued as 4EEEEEE)")});
  EXPECT_THAT(store_.children, ElementsAre("4ABCDEF -> 4FFFFFF"));
  EXPECT_THAT(store_.deliveries, ElementsAre("4ABCDEF <a@b.example> <> pending", "4FFFFFF <a@b.example> <> delivered"));
}

TEST_F(DeliveryRecorderTest, FollowsAFilterThatTellsTheOldQueueId) {
  log({"postfix/smtpd[4]: 4FFFFFF: client=localhost[127.0.0.1], orig_queue_id=4ABCDEF, orig_client=h[192.0.2.7]",
       "postfix/pickup[5]: 4DDDDDD: uid=102 from=<x@y.example> orig_id=4FFFFFF"});
  EXPECT_THAT(store_.children, ElementsAre("4ABCDEF -> 4FFFFFF", "4FFFFFF -> 4DDDDDD"));
}

TEST_F(DeliveryRecorderTest, CountsABouncesDeliveryForNobody) {
  log({delivery("smtp[1]", "4ABCDEF", "a@b.example", remote, "5.1.1, status=bounced (550 no)"),
       "postfix/bounce[3]: 4ABCDEF: sender non-delivery notification: 4EEEEEE",
       // The sender might be among the recipients too.
       delivery("smtp[1]", "4EEEEEE", "x@y.example", remote, "2.0.0, status=sent (250 ok)")});
  EXPECT_THAT(store_.children, ElementsAre("4ABCDEF -> 4EEEEEE"));
  EXPECT_THAT(store_.deliveries, ElementsAre("4ABCDEF <a@b.example> <> failed", "4EEEEEE <> <x@y.example> delivered"));
  log({"postfix/smtpd[4]: 4EEEEEE: client=h[192.0.2.7]",
       delivery("smtp[1]", "4EEEEEE", "x@y.example", remote, "2.0.0, status=sent (250 ok)")});
  EXPECT_EQ(store_.deliveries.back(), "4EEEEEE <x@y.example> <> delivered") << "the queue ID is another message's now";
}

TEST_F(DeliveryRecorderTest, SaysThatARecipientWasExpandedToSeveral) {
  const auto to = [](const std::string& address) {
    return "postfix/smtp[1]: 4ABCDEF: to=<" + address +
           ">, orig_to=<list@b.example>, relay=none, delay=1, delays=1/0/0/0, "
           "dsn=2.0.0, status=sent (ok)";
  };
  log({to("one@b.example")});
  EXPECT_THAT(store_.deliveries, ElementsAre("4ABCDEF <list@b.example> <one@b.example> delivered"));
  log({to("two@b.example"), to("three@b.example"), to("one@b.example")});
  EXPECT_THAT(store_.deliveries,
              ElementsAre("4ABCDEF <list@b.example> <one@b.example> delivered", "4ABCDEF <list@b.example> <> expanded",
                          "4ABCDEF <> <two@b.example> delivered", "4ABCDEF <> <three@b.example> delivered",
                          "4ABCDEF <> <one@b.example> delivered"));
  // The same queue ID, another message.
  log({"postfix/cleanup[1]: 4ABCDEF: message-id=<later@y.example>"});
  const std::size_t before = store_.deliveries.size();
  log({to("one@b.example")});
  EXPECT_EQ(store_.deliveries.at(before), "4ABCDEF <list@b.example> <one@b.example> delivered");
}

TEST_F(DeliveryRecorderTest, FollowsALocalAlias) {
  log({delivery("local[1]", "4ABCDEF", "team@b.example", "local", "2.0.0, status=sent (forwarded as 4FFFFFF)"),
       "postfix/smtp[1]: 4FFFFFF: to=<one@c.example>, orig_to=<team@b.example>, relay=none, delay=1, delays=1/0/0/0, "
       "dsn=2.0.0, status=sent (ok)"});
  EXPECT_THAT(store_.children, ElementsAre("4ABCDEF -> 4FFFFFF"));
  EXPECT_THAT(store_.deliveries,
              ElementsAre("4ABCDEF <team@b.example> <> expanded", "4FFFFFF <> <one@c.example> delivered"));
}

TEST_F(DeliveryRecorderTest, SaysWhatIsAboutAllRecipientsOfNobodyInParticular) {
  log(
      {"postfix/cleanup[1]: 4ABCDEF: milter-hold: END-OF-MESSAGE from h[192.0.2.7]: milter triggers HOLD action; "
       "from=<x@y> to=<a@b> proto=ESMTP helo=<h>"});
  EXPECT_EQ(store_.last.text, "milter triggers HOLD action");
  log({"postfix/postsuper[1]: 4ABCDEF: released from hold", "postfix/postsuper[1]: 4ABCDEF: removed",
       "postfix/qmgr[1]: 4ABCDEF: from=<x@y>, status=expired, returned to sender",
       "postfix/cleanup[1]: 4ABCDEF: discard: header X from h[192.0.2.7]; from=<x@y> to=<a@b> proto=ESMTP helo=<h>: "
       "bye",
       "postfix/cleanup[1]: 4ABCDEF: milter-reject: END-OF-MESSAGE from h[192.0.2.7]: 4.7.1 later; from=<x@y> to=<a@b> "
       "proto=ESMTP helo=<h>",
       "postfix/qmgr[1]: 4ABCDEF: removed"});
  EXPECT_THAT(store_.deliveries,
              ElementsAre("4ABCDEF <> <> quarantined", "4ABCDEF <> <> pending", "4ABCDEF <> <> failed",
                          "4ABCDEF <> <> failed", "4ABCDEF <> <> failed", "4ABCDEF <> <> pending"));
}

constexpr const char* refusal =
    "postfix/smtpd[1]: NOQUEUE: reject: RCPT from h.example[192.0.2.7]: 550 5.1.1 <a@b.example>: Recipient address "
    "rejected: unknown; from=<x@y.example> to=<a@b.example> proto=ESMTP helo=<h>";

TEST_F(DeliveryRecorderTest, RecordsARefusalOfTheMailServersOwn) {
  log({refusal, "postfix/smtpd[1]: NOQUEUE: reject: RCPT from h[192.0.2.8]: 451 4.3.0 later; proto=SMTP"});
  EXPECT_THAT(store_.refusals,
              ElementsAre("reject 550 5.1.1 <a@b.example>: Recipient address rejected: unknown to { \"a@b.example\" } "
                          "client 192.0.2.7",
                          "defer 451 4.3.0 later to {} client 192.0.2.8"));
}

TEST_F(DeliveryRecorderTest, LeavesOutARefusalThatIsKnown) {
  DeliveryRecorder recorder(store_, [](const maillog::Event&, const maillog::Refused& refused) {
    return refused.recipient == "a@b.example";
  });
  ASSERT_TRUE(recorder.take(batch_of({refusal})));
  EXPECT_THAT(store_.refusals, IsEmpty());
}

TEST_F(DeliveryRecorderTest, RecordsOnceWhatTheStoreTakesAtLast) {
  const auto batch = batch_of({
      "postfix/smtp[1]: Trusted TLS connection established to mx.b.example[192.0.2.1]:25: TLSv1.3 with cipher X (1/1 "
      "bits)",
      delivery("smtp[1]", "4ABCDEF", "a@b.example", remote, "2.0.0, status=sent (250 ok)"),
      "postfix/smtp[1]: Trusted TLS connection established to mx.b.example[192.0.2.1]:25: TLSv1.2 with cipher Y (1/1 "
      "bits)",
  });
  store_.broken = true;
  EXPECT_EQ(recorder_.take(batch).error(), "disk full");
  EXPECT_EQ(recorder_.take(batch).error(), "disk full");
  store_.broken = false;
  ASSERT_TRUE(recorder_.take(batch));
  EXPECT_THAT(store_.deliveries, ElementsAre("4ABCDEF <a@b.example> <> delivered"));
  EXPECT_EQ(store_.last.tls, "Trusted TLSv1.3 with cipher X");
  EXPECT_EQ(recorder_.position().value(), batch.position);
}

TEST_F(DeliveryRecorderTest, RecordsSendmailsDeliveries) {
  log({"sm-mta[7]: STARTTLS=client, relay=mx.b.example., version=TLSv1.3, verify=OK, cipher=X, bits=256/256",
       "sm-mta[7]: 6ALNvWAX014773: to=<a@b.example>,<c@b.example>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, "
       "pri=1, "
       "relay=mx.b.example. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)"});
  EXPECT_THAT(store_.deliveries,
              ElementsAre("6ALNvWAX014773 <a@b.example> <> delivered", "6ALNvWAX014773 <c@b.example> <> delivered"));
  EXPECT_EQ(store_.last.tls, "OK TLSv1.3 with cipher X");
}

}  // namespace
}  // namespace connectord::trace
