// What a second place takes of the trace: rows behind a cursor, and what became of those that it has.
#include "connectord/trace/feed.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>

#include "trace/fixture.h"

namespace connectord::trace {
namespace {

using namespace test;  // NOLINT: short forms of mail

// Remembers what it takes, as text.
class NotingTaker : public FeedTaker {
 public:
  void take(const KeptText& text) override { texts[{static_cast<int>(text.kind), text.number}] = text.text; }
  void take(const KeptMessage& message, const MessageTerms& terms, std::span<const std::string> rules) override {
    const KeptTexts known{.word =
                              [this](std::int64_t n) {
                                return texts[{0, n}];
                              },
                          .finding =
                              [this](std::int64_t n) {
                                return texts[{1, n}];
                              },
                          .certificate =
                              [this](std::int64_t n) {
                                return texts[{2, n}];
                              }};
    messages.push_back(message_of(message, known));
    last_terms = terms;
    last_rules.assign(rules.begin(), rules.end());
    log += " " + messages.back().queue_id;
  }
  void take(const KeptRecipient& recipient) override {
    log += " <" + std::string(recipient.address) + ">" + std::string(to_string(recipient.status));
  }
  void take(const KeptDelivery& delivery) override {
    log += " delivery:" + std::to_string(delivery.row) + ":" + std::string(delivery.relay);
  }
  void take(const KeptStatus& status) override {
    log += " status:" + std::to_string(status.row) + ":" + std::string(to_string(status.status));
  }
  void take(const KeptRequeueing& child) override { log += " child:" + std::string(child.queue_id); }
  void take(const KeptSize& size) override {
    log += " size:" + std::to_string(size.message) + ":" + std::to_string(size.size);
  }
  bool is_full() const override { return messages.size() >= most_messages; }

  // What was noted since the last call.
  std::string noted() { return log.empty() ? "" : std::exchange(log, {}).substr(1); }

  std::map<std::pair<int, std::int64_t>, std::string> texts;
  std::vector<Message> messages;
  MessageTerms last_terms;
  std::vector<std::string> last_rules;
  std::size_t most_messages = 1'000'000;
  std::string log;
};

class TraceFeed : public TraceTest {
 protected:
  SqliteOptions fed() {
    SqliteOptions made = options();
    made.feed_bytes = 1 << 30;
    return made;
  }
  FeedPart read(const FeedBounds& most = {}) {
    EXPECT_TRUE(archive()->last_row().has_value());  // waits until the rows are there
    const auto part = make_feed(path())->read(cursor_, most, taker_);
    EXPECT_TRUE(part.has_value()) << part.error();
    if (!part) return {};
    cursor_ = part->end;
    return *part;
  }
  std::string read_as_text(const FeedBounds& most = {}) {
    read(most);
    return taker_.noted();
  }
  void deliver(const Delivery& one) {
    LogBatch batch;
    batch.deliveries = {one};
    record(batch);
  }
  std::int64_t entries_in_journal() const {
    sqlite3* handle = nullptr;
    std::int64_t count = -1;
    sqlite3_open(path().c_str(), &handle);
    const auto take = [](void* to, int, char** values, char**) {
      *static_cast<std::int64_t*>(to) = std::stoll(values[0]);
      return 0;
    };
    sqlite3_exec(handle, "SELECT count(*) FROM feed", take, &count, nullptr);
    sqlite3_close(handle);
    return count;
  }

  FeedCursor cursor_;
  NotingTaker taker_;
};

TEST_F(TraceFeed, HasEachRowOnceInTheOrderInWhichTheyCame) {
  open(fed());
  append(Mail().queued_as("A"));
  append(Mail().queued_as("B").to({"x@example.net", "y@example.net"}).refused());
  EXPECT_EQ(read_as_text(), "A <user@example.net>getting_status B <x@example.net>failed <y@example.net>failed");
  EXPECT_EQ(cursor_.row, 3);
  EXPECT_EQ(read_as_text(), "");
  append(Mail().queued_as("C"));
  EXPECT_EQ(read_as_text(), "C <user@example.net>getting_status");
}

TEST_F(TraceFeed, IsReadInPiecesOfAnyLength) {
  open(fed());
  for (const char* name : {"A", "B", "C"}) append(Mail().queued_as(name));
  const FeedPart first = read({.messages = 2, .reports = 0});
  EXPECT_TRUE(first.has_more);
  EXPECT_EQ(taker_.noted(), "A <user@example.net>getting_status B <user@example.net>getting_status");
  taker_.most_messages = 3;
  EXPECT_FALSE(read().has_more);
  EXPECT_EQ(taker_.noted(), "C <user@example.net>getting_status");
}

TEST_F(TraceFeed, MessagesAreTheSameAsInASearch) {
  open(fed());
  Mail mail = Mail().of("partner").over("TLSv1.3").matching("Mark", {"prepend_subject"});
  mail.facts.certificate.subject_common_name = "mail.contoso.com";
  mail.decision.findings = {{"require.tls", "partner", model::Outcome::pass, "TLS", "TLSv1.3", ""}};
  append(mail);
  read();
  const Message found = *search().rows.at(0).message;
  const Message& fed_one = taker_.messages.at(0);
  EXPECT_EQ(fed_one.connector, found.connector);
  EXPECT_EQ(fed_one.tls, found.tls);
  EXPECT_EQ(fed_one.certificate.subject, "mail.contoso.com");
  ASSERT_EQ(fed_one.findings.size(), 1U);
  EXPECT_EQ(fed_one.findings[0].expected, "TLS");
  EXPECT_EQ(fed_one.findings[0].seen, "TLSv1.3");
  ASSERT_EQ(fed_one.rules.size(), 1U);
  EXPECT_EQ(fed_one.rules[0].rule, "Mark");
  EXPECT_TRUE(taker_.last_terms.sender.has_value());
  EXPECT_EQ(taker_.last_terms.others.size(), 1U);  // the rule's
  ASSERT_EQ(taker_.last_rules.size(), 1U);
}

TEST_F(TraceFeed, TellsWhatBecameOfMessages) {
  open(fed());
  append(Mail().queued_as("A"));
  read_as_text();
  deliver(delivery("A", "user@example.net", Status::delivered, noon + second));
  EXPECT_EQ(read_as_text(), "delivery:1:mx.example.net[192.0.2.1]:25 status:1:delivered");
  deliver(delivery("A", "user@example.net", Status::delivered, noon + second));
  EXPECT_EQ(read_as_text(), "");
  LogBatch batch;
  batch.children = {{.queue_id = "A", .child_queue_id = "A2", .time = noon}};
  record(batch);
  record(batch);
  EXPECT_EQ(read_as_text(), "child:A2");
}

TEST_F(TraceFeed, AStatusOfAllIsTheStatusOfEach) {
  open(fed());
  append(Mail().queued_as("A").to({"x@example.net", "y@example.net"}));
  read_as_text();
  Delivery removed = delivery("A", "", Status::failed, noon + second);
  removed.relay.clear();
  deliver(removed);
  EXPECT_EQ(read_as_text(), "delivery:0: status:1:failed status:2:failed");
}

TEST_F(TraceFeed, ASizeThatBecomesKnownLaterIsTold) {
  open(fed());
  Mail mail = Mail().queued_as("A");
  mail.size.reset();
  append(mail);
  read_as_text();
  LogBatch batch;
  batch.queued = {{.queue_id = "A", .time = noon, .size = 4711}};
  record(batch);
  EXPECT_EQ(read_as_text(), "size:1:4711");
}

TEST_F(TraceFeed, BeginsWithWhatComesFromThenOn) {
  open();
  append(Mail().queued_as("OLD"));
  reopen();
  open(fed());
  deliver(delivery("OLD", "user@example.net", Status::delivered, noon + second));
  append(Mail().queued_as("NEW"));
  EXPECT_EQ(read_as_text(), "NEW <user@example.net>getting_status");
  const auto source = make_feed(path())->source();
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ(source->from, 1);
  EXPECT_EQ(source->last_row, 2);
  EXPECT_EQ(source->file.size(), 32U);
}

TEST_F(TraceFeed, NothingIsNotedWhereThereIsNoSecondPlace) {
  open();
  append(Mail().queued_as("A"));
  deliver(delivery("A", "user@example.net", Status::delivered, noon + second));
  EXPECT_EQ(entries_in_journal(), 0);
}

TEST_F(TraceFeed, WhatWasTakenLongAgoIsRemovedFromTheJournalAndNoNumberUsedAgain) {
  open(fed());
  append(Mail().queued_as("A"));
  deliver(delivery("A", "user@example.net", Status::pending, noon + second));
  read_as_text();
  cursor_.report = 1 + 100'000;
  store_->note_fed(cursor_);
  EXPECT_TRUE(eventually([&] { return entries_in_journal() == 0; }));
  cursor_.report = 1;
  deliver(delivery("A", "user@example.net", Status::delivered, noon + 2 * second));
  EXPECT_EQ(read_as_text(), "delivery:1:mx.example.net[192.0.2.1]:25 status:1:delivered");
  EXPECT_EQ(cursor_.report, 2);
}

TEST_F(TraceFeed, WhatWasTakenAMomentAgoCanBeHadAgain) {
  open(fed());
  append(Mail().queued_as("A"));
  read_as_text();
  deliver(delivery("A", "user@example.net", Status::delivered, noon + second));
  const FeedCursor before = cursor_;
  const std::string told = read_as_text();
  store_->note_fed(cursor_);
  EXPECT_TRUE(eventually([&] { return make_feed(path())->source().value().noted.report == 1; }));
  cursor_ = before;
  EXPECT_EQ(read_as_text(), told);
}

TEST_F(TraceFeed, WhatWaitsStaysBeyondKeep) {
  SqliteOptions with = fed();
  with.keep = std::chrono::hours(1);
  open(with);
  append(Mail().queued_as("OLD").at(noon - 5 * hour));
  append(Mail().queued_as("NEW"));
  store_.reset();
  open(with);  // all have an hour now, and what is old is removed at once
  append(Mail().queued_as("NEWER"));
  EXPECT_EQ(found(), "NEWER NEW OLD");
  read_as_text();
  store_->note_fed(cursor_);
  EXPECT_TRUE(eventually([&] { return make_feed(path())->source().value().noted.row == 3; }));
  store_.reset();
  open(with);
  EXPECT_TRUE(eventually([&] { return found() == "NEWER NEW"; })) << found();
}

TEST_F(TraceFeed, WhatTakesTooMuchIsRemovedAndCountedAsLost) {
  SqliteOptions with = fed();
  with.keep = std::chrono::hours(1);
  with.feed_bytes = 1;
  open(with);
  append(Mail().queued_as("OLD").at(noon - 5 * hour).to({"x@example.net", "y@example.net"}));
  append(Mail().queued_as("NEW"));
  store_.reset();
  open(with);
  EXPECT_TRUE(eventually([&] { return found() == "NEW"; })) << found();
  EXPECT_EQ(read().lost, 2);
  EXPECT_EQ(taker_.noted(), "NEW <user@example.net>getting_status");
}

}  // namespace
}  // namespace connectord::trace
