#include <gtest/gtest.h>

#include "trace/fixture.h"

namespace connectord::trace {
namespace {

using namespace test;  // NOLINT: short forms of mail

class TraceDeliveries : public TraceTest {
 protected:
  void SetUp() override {
    TraceTest::SetUp();
    open();
  }
  void deliver(const std::vector<Delivery>& deliveries) {
    LogBatch batch;
    batch.deliveries = deliveries;
    record(batch);
  }
  // "a@example.net=delivered b@example.net=pending"
  std::string statuses(const std::string& queue_id = "4X") const {
    Query query;
    query.queue_id = queue_id;
    std::string text;
    for (const Row& row : search(query).rows) {
      text.insert(0, row.rcpt_to + "=" + std::string(to_string(row.status)) + (text.empty() ? "" : " "));
    }
    return text;
  }
};

TEST_F(TraceDeliveries, FindTheirRecipientWhateverItsCase) {
  append(Mail().to({"a@example.net", "B@Example.NET"}));
  deliver({delivery("4X", "b@example.net", Status::delivered, noon + second)});
  EXPECT_EQ(statuses(), "a@example.net=getting_status B@Example.NET=delivered");
}

TEST_F(TraceDeliveries, KeepWhereTheirTimeWent) {
  append(Mail().to({"a@example.net"}));
  Delivery timed = delivery("4X", "a@example.net", Status::delivered, noon + second);
  timed.times = DeliveryTimes{1200, 0, 30'000, 400};
  deliver({timed, delivery("4X", "a@example.net", Status::pending, noon)});
  const auto detail = archive()->detail(1);
  ASSERT_TRUE(detail && *detail);
  ASSERT_EQ((*detail)->attempts.size(), 2U);
  EXPECT_EQ((*detail)->attempts[0].delivery.times, std::nullopt);
  EXPECT_EQ((*detail)->attempts[1].delivery.times, timed.times);
}

TEST_F(TraceDeliveries, AreCountedByWhatProtectedThem) {
  append(Mail().to({"a@example.net", "b@example.net"}));
  const auto one = [](const char* recipient, std::int64_t time, std::optional<Protection> protection) {
    Delivery made = delivery("4X", recipient, Status::delivered, time);
    made.protection = protection;
    return made;
  };
  const auto first = one("a@example.net", noon + second, Protection::dane);
  deliver({first, one("b@example.net", noon + second, Protection::dane), one("b@example.net", noon + 2 * second, {})});
  deliver({first, one("b@example.net", noon + hour, Protection::encrypted)});  // the log is read again
  const auto detail = archive()->detail(1);
  ASSERT_TRUE(detail && *detail);
  EXPECT_EQ((*detail)->attempts.at(0).delivery.protection, Protection::dane);
  EXPECT_EQ((*detail)->attempts.at(2).delivery.protection, std::nullopt);
  const auto lines = [this](Interval interval) {
    std::string text;
    for (const Volume& volume : report({Grouping::protection, interval, noon, noon + 2 * hour}).volumes) {
      text += std::to_string((volume.time - noon) / hour) + " " + volume.group + " " + std::to_string(volume.messages) +
              "\n";
    }
    return text;
  };
  EXPECT_EQ(lines(Interval::whole), "0 dane 2\n0 encrypted 1\n");
  EXPECT_EQ(lines(Interval::hour), "0 dane 2\n1 encrypted 1\n");
}

struct Spelling {
  const char* given;   // to the milter
  const char* logged;  // by the mail server
};

// RFC 5321, 4.1.2: quotes and backslashes are no part of a local part. The rest as Postfix 3.7 logs it.
TEST_F(TraceDeliveries, FindTheirRecipientInAnotherSpelling) {
  const Spelling spellings[] = {{"b..c@rcpt.test", "\"b..c\"@rcpt.test"},
                                {"\"b\"@rcpt.test", "b@rcpt.test"},
                                {"b\\ c@rcpt.test", "\"b c\"@rcpt.test"},
                                {"\"b\\c\"@rcpt.test", "bc@rcpt.test"},
                                {"\"a@b\"@rcpt.test", "\"a@b\"@rcpt.test"},
                                {"u@RCPT.test.", "u@rcpt.test"},
                                {"@relay.test,@other.test:u@rcpt.test", "u@rcpt.test"},
                                {"u@b\xc3\xbc"
                                 "cher.test",
                                 "u@xn--bcher-kva.test"}};
  std::int64_t time = noon;
  for (const auto& [given, logged] : spellings) {
    time += 600 * second;
    append(Mail().at(time).to({given}));
    append(Mail().at(time).queued_as("4Y").to({given, "other@rcpt.test"}));
    deliver({delivery("4X", logged, Status::delivered, time), delivery("4Y", logged, Status::delivered, time)});
    Query query;
    query.recipient = logged;
    query.since = time;
    const Page found = search(query);
    ASSERT_EQ(found.rows.size(), 2U) << given;
    for (const Row& row : found.rows) EXPECT_EQ(row.status, Status::delivered) << given;
  }
}

TEST_F(TraceDeliveries, OfOthersAreNotTakenForThoseOfASimilarRecipient) {
  append(Mail().to({"\"a b\"@rcpt.test", "c@rcpt.test"}));
  for (const char* other : {"ab@rcpt.test", "a@b@rcpt.test", "c@rcpt", "c", "@c:d@rcpt.test", "\"c\"\"@rcpt.test\""}) {
    deliver({delivery("4X", other, Status::delivered, noon + second)});
  }
  EXPECT_EQ(statuses(), "\"a b\"@rcpt.test=getting_status c@rcpt.test=getting_status");
}

// The sendmail command's "root": the milter is given what Postfix makes of it.
TEST_F(TraceDeliveries, OfUnqualifiedRecipientsFindWhatTheMilterWasTold) {
  const auto under = [](const char* given, const char* address, bool is_only_one = false) {
    Delivery made = delivery("4X", given, Status::delivered, noon + second);
    made.address = address;
    made.is_only_one = is_only_one;
    return made;
  };
  append(Mail().to({"root@mx.rcpt.test", "virt@mx.rcpt.test", "b@rcpt.test", "twice@a.test", "twice@b.test"}));
  deliver({under("root", "root@mx.rcpt.test")});
  EXPECT_EQ(statuses().find("root@mx.rcpt.test=delivered"), 0U);
  deliver({under("canon", "b@rcpt.test")});  // a canonical address
  EXPECT_NE(statuses().find(" b@rcpt.test=delivered"), std::string::npos);
  EXPECT_NE(statuses().find(" virt@mx.rcpt.test=getting_status"), std::string::npos);
  deliver({under("virt", "b@rcpt.test")});  // a virtual one
  EXPECT_NE(statuses().find(" virt@mx.rcpt.test=delivered"), std::string::npos);
  deliver({under("twice", "twice@c.test"), under("twice", "x@c.test"), under("archive", "archive@mx.rcpt.test"),
           under("x", "y@rcpt.test", true)});
  EXPECT_NE(statuses().find("twice@a.test=getting_status twice@b.test=getting_status"), std::string::npos);
}

// cleanup(8) makes two addresses of an alias, and the log has the name that the sendmail command was given.
TEST_F(TraceDeliveries, OfAnUnqualifiedAliasThatBecameSeveralSaySoAtItsRow) {
  append(Mail().to({"list@mx.rcpt.test"}));
  Delivery first = delivery("4X", "list", Status::delivered, noon + second);
  first.address = "e@rcpt.test";
  deliver({first, delivery("4X", "list", Status::expanded, noon + second + 1)});
  EXPECT_EQ(statuses(), "list@mx.rcpt.test=expanded");
}

// A canonical address that has a virtual one: neither name of the log is what the milter was given.
TEST_F(TraceDeliveries, OfTheOnlyOneInTheQueueFileAreTheOnlyRecipients) {
  append(Mail().to({"canon@x.test"}));
  Delivery one = delivery("4X", "both", Status::delivered, noon + second);
  one.address = "c@rcpt.test";
  deliver({one});
  EXPECT_EQ(statuses(), "canon@x.test=getting_status");
  one.is_only_one = true;
  one.time += second;
  deliver({one});
  EXPECT_EQ(statuses(), "canon@x.test=delivered");
}

// In Sendmail's log an alias stands where the local sender does otherwise.
TEST_F(TraceDeliveries, OfSendmailsAliasesExpandTheAlias) {
  append(Mail().to({"team@sm.test", "b@rcpt.test"}));
  Delivery member = delivery("4X", "a@x.test", Status::delivered, noon + second);
  member.on_behalf_of = "team@sm.test";
  Delivery other = delivery("4X", "b@rcpt.test", Status::delivered, noon + second);
  other.on_behalf_of = "team@sm.test";
  deliver({member, other});
  EXPECT_EQ(statuses(), "team@sm.test=expanded b@rcpt.test=delivered");
}

// RCPT good, RCPT elsewhere, DATA: the refusal is in the log and has the same queue ID.
TEST_F(TraceDeliveries, BelongToTheMessageAndNotToARecipientWhoWasRefused) {
  const Mail refused = Mail().to({"spam@elsewhere.test"}).refused();
  for (const bool has_terms : {false, true}) {
    const std::string id = has_terms ? "4Z" : "4Y";
    append(Mail().queued_as(id).to({"good@example.net"}));
    LogBatch batch;
    Entry entry = refused.entry();
    entry.stage = Stage::mta;
    entry.queue_id = id;
    batch.refusals.push_back(entry);
    record(batch);
    Mail ours = refused;
    ours.stage = Stage::rcpt_to;
    append(ours.queued_as(id));
    if (has_terms) reopen();
    LogBatch later;
    later.queued = {{id, noon, 4711}};
    later.children = {{id, id + "A", noon}};
    later.deliveries = {delivery(id + "A", "good@example.net", Status::delivered, noon + second),
                        delivery(id, "", Status::pending, noon)};
    record(later);
    EXPECT_EQ(statuses(id), "good@example.net=delivered spam@elsewhere.test=failed spam@elsewhere.test=failed");
    EXPECT_EQ(statuses(id + "A"), "good@example.net=delivered");
  }
}

TEST_F(TraceDeliveries, FindTheirMessageAlsoWhenItHasItsTerms) {
  append(Mail().to({"a@example.net"}));
  reopen();
  deliver({delivery("4X", "a@example.net", Status::delivered, noon + second)});
  EXPECT_EQ(statuses(), "a@example.net=delivered");
}

TEST_F(TraceDeliveries, TheSameOneTwiceChangesNothing) {
  const std::int64_t id = append_and_look(Mail().to({"a@example.net"}));
  const Delivery one = delivery("4X", "a@example.net", Status::delivered, noon + second);
  deliver({one, one});
  deliver({one});
  EXPECT_EQ(detail(id).attempts.size(), 1U);
}

TEST_F(TraceDeliveries, TheLatestAttemptIsTheStatusInWhateverOrderTheyAreTold) {
  const std::int64_t id = append_and_look(Mail().to({"a@example.net"}));
  deliver({delivery("4X", "a@example.net", Status::pending, noon + second)});
  EXPECT_EQ(statuses(), "a@example.net=pending");
  deliver({delivery("4X", "a@example.net", Status::delivered, noon + 10 * second),
           delivery("4X", "a@example.net", Status::pending, noon + 5 * second)});
  EXPECT_EQ(statuses(), "a@example.net=delivered");
  const MessageTraceDetail story = detail(id);
  ASSERT_EQ(story.attempts.size(), 3U);
  EXPECT_EQ(story.attempts[0].delivery.status, Status::pending);
  EXPECT_EQ(story.attempts[2].delivery.status, Status::delivered);
  EXPECT_EQ(story.attempts[2].delivery.relay, "mx.example.net[192.0.2.1]:25");
  EXPECT_EQ(story.attempts[2].delivery.enhanced, "2.0.0");
  EXPECT_EQ(story.attempts[2].delivery.delay, 250);
  EXPECT_EQ(story.attempts[2].row, id);
}

TEST_F(TraceDeliveries, WithinOneSecondADeferralIsBeforeWhatCameOfIt) {
  const std::int64_t id = append_and_look(Mail().to({"a@example.net"}));
  std::vector<Delivery> attempts{delivery("4X", "a@example.net", Status::delivered, noon)};
  for (int number = 0; number < 8; ++number) {
    attempts.push_back(delivery("4X", "a@example.net", Status::pending, noon));
    attempts.back().text = "busy " + std::to_string(number);
  }
  deliver(attempts);
  const MessageTraceDetail story = detail(id);
  ASSERT_EQ(story.attempts.size(), attempts.size());
  EXPECT_EQ(story.attempts.back().delivery.status, Status::delivered);
}

TEST_F(TraceDeliveries, WithinOneSecondAFinalStatusCountsMoreThanAPendingOne) {
  append(Mail().to({"a@example.net"}));
  deliver(
      {delivery("4X", "a@example.net", Status::pending, noon), delivery("4X", "a@example.net", Status::failed, noon)});
  EXPECT_EQ(statuses(), "a@example.net=failed");
  deliver({delivery("4X", "a@example.net", Status::pending, noon)});
  EXPECT_EQ(statuses(), "a@example.net=failed");
}

TEST_F(TraceDeliveries, BelongToTheNewestMessageThatHadTheQueueIdThen) {
  append(Mail().at(noon - 5 * day).to({"old@example.net"}));
  append(Mail().at(noon).to({"new@example.net"}));
  deliver({delivery("4X", "new@example.net", Status::delivered, noon),
           delivery("4X", "old@example.net", Status::failed, noon - 5 * day + second)});
  EXPECT_EQ(statuses(), "old@example.net=failed new@example.net=delivered");
}

TEST_F(TraceDeliveries, ToSomebodyElseAreToldInTheStory) {
  const std::int64_t id = append_and_look(Mail().to({"list@example.net"}));
  Delivery first = delivery("4X", "list@example.net", Status::expanded, noon);
  first.address = "member@example.net";
  deliver({first, delivery("4X", "archive@example.net", Status::delivered, noon)});
  const MessageTraceDetail story = detail(id);
  ASSERT_EQ(story.attempts.size(), 2U);
  for (const Attempt& attempt : story.attempts) {
    const bool is_member = attempt.delivery.address == "member@example.net";
    EXPECT_EQ(attempt.delivery.recipient, is_member ? "list@example.net" : "archive@example.net");
    EXPECT_EQ(attempt.row, is_member ? id : 0);
  }
  EXPECT_EQ(statuses(), "list@example.net=expanded");
}

TEST_F(TraceDeliveries, ToNobodyByNameAreForAllForWhomItIsNotOver) {
  append(Mail().to({"a@example.net", "b@example.net", "c@example.net"}));
  deliver({delivery("4X", "a@example.net", Status::delivered, noon),
           delivery("4X", "b@example.net", Status::pending, noon), delivery("4X", "", Status::failed, noon + second)});
  EXPECT_EQ(statuses(), "a@example.net=delivered b@example.net=failed c@example.net=failed");
}

TEST_F(TraceDeliveries, ToAnAddressAloneAreForNobodyOfTheRecipients) {
  const std::int64_t id = append_and_look(Mail().to({"a@example.net"}));
  Delivery bounce = delivery("4X", "", Status::delivered, noon);
  bounce.address = "alice@contoso.com";
  deliver({bounce});
  EXPECT_EQ(statuses(), "a@example.net=getting_status");
  EXPECT_EQ(detail(id).attempts.at(0).row, 0);
}

TEST_F(TraceDeliveries, FollowAMessageToItsNewQueueIds) {
  const std::int64_t id = append_and_look(Mail().to({"a@example.net"}));
  LogBatch batch;
  batch.children = {{"4X", "4Y", noon}, {"4Y", "4Z", noon + 1}};
  batch.deliveries = {delivery("4Z", "a@example.net", Status::delivered, noon + second)};
  record(batch);
  EXPECT_EQ(statuses(), "a@example.net=delivered");
  EXPECT_EQ(statuses("4Z"), "a@example.net=delivered");
  reopen();
  EXPECT_EQ(statuses("4Z"), "a@example.net=delivered");
  EXPECT_EQ(detail(id).children.size(), 2U);
}

TEST_F(TraceDeliveries, OfMessagesThatAreNotThereAreCounted) {
  append(Mail().to({"a@example.net"}));
  LogBatch batch;
  batch.deliveries = {delivery("4X", "a@example.net", Status::delivered, noon),
                      delivery("UNKNOWN", "a@example.net", Status::delivered, noon),
                      delivery("", "a@example.net", Status::delivered, noon)};
  const auto recorded = store_->record(batch);
  ASSERT_TRUE(recorded.has_value());
  EXPECT_EQ(recorded->matched, 1U);
  EXPECT_EQ(recorded->unknown, 2U);
}

TEST_F(TraceDeliveries, TellTheSizeWhereTheSessionDidNotKnowIt) {
  Mail mail;
  mail.size.reset();
  append(mail.queued_as("4A"));
  reopen();
  append(mail.queued_as("4B"));
  LogBatch batch;
  batch.queued = {{"4A", noon, 500}, {"4B", noon, 700}, {"4A", noon, 900}};
  record(batch);
  EXPECT_EQ(search().rows.at(0).message->size, 700U);
  EXPECT_EQ(search().rows.at(1).message->size, 500U);
  for (int i = 0; i < 2; ++i) {
    const auto report = this->report({Grouping::direction, Interval::whole, noon, noon + 1});
    ASSERT_EQ(report.volumes.size(), 1U);
    EXPECT_EQ(report.volumes[0].bytes, 1200U);
    reopen();
  }
}

TEST_F(TraceDeliveries, AreKeptTogetherWithThePosition) {
  EXPECT_EQ(store_->position().value(), "");
  append(Mail().to({"a@example.net"}));
  LogBatch batch;
  batch.position = "file 7 offset 4711";
  batch.deliveries = {delivery("4X", "a@example.net", Status::delivered, noon)};
  record(batch);
  EXPECT_EQ(store_->position().value(), "file 7 offset 4711");
  reopen();
  EXPECT_EQ(store_->position().value(), "file 7 offset 4711");
}

TEST_F(TraceDeliveries, RefusalsOfTheMailServerItselfAreRowsOfTheirOwn) {
  Mail refused;
  refused.refused().queued_as("").to({"nobody@example.net"}).stage = Stage::mta;
  LogBatch batch;
  batch.refusals.push_back(refused.entry());
  record(batch);
  const Page page = search();
  ASSERT_EQ(page.rows.size(), 1U);
  EXPECT_EQ(page.rows[0].message->stage, Stage::mta);
  EXPECT_EQ(page.rows[0].status, Status::failed);
}

TEST_F(TraceDeliveries, OfAMessageWithManyRecipientsAreJoinedQuickly) {
  std::vector<std::string> recipients;
  LogBatch batch;
  for (int i = 0; i < 3000; ++i) {
    recipients.push_back("user" + std::to_string(i) + "@example.net");
    batch.deliveries.push_back(delivery("4X", recipients.back(), Status::delivered, noon));
  }
  append(Mail().to(recipients));
  record(batch);
  Query query;
  query.status = Status::delivered;
  query.limit = 5000;
  EXPECT_EQ(search(query).rows.size(), 3000U);
}

TEST_F(TraceDeliveries, OfAnEntryThatWasKeptAMomentAgoFindsIt) {
  open();
  for (int i = 0; i < 300; ++i) {
    const std::string queue_id = "4Q" + std::to_string(i);
    append(Mail().queued_as(queue_id).to({"a@example.net"}));
    LogBatch batch;
    batch.deliveries = {delivery(queue_id, "a@example.net", Status::delivered, noon + second)};
    const auto recorded = store_->record(batch);
    ASSERT_TRUE(recorded.has_value()) << recorded.error();
    EXPECT_EQ(recorded->matched, 1U) << i;
  }
}

}  // namespace
}  // namespace connectord::trace
