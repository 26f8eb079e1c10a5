// Rows on their way to the joint trace, with a database that the test has in its hand.
#include "fleet/trace_pump.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace connectord::fleet {
namespace {

constexpr std::int64_t now = 1'795'262'400'000;

// A file with messages of one recipient each, numbered from 1 on, and reports likewise.
class MadeFeed : public trace::Feed {
 public:
  tl::expected<trace::FeedSource, std::string> source() override {
    trace::FeedSource made;
    made.file = file;
    made.from = from;
    made.last_row = rows;
    made.last_time = now + rows;
    made.last_report = reports;
    made.noted = noted;
    return made;
  }
  tl::expected<std::optional<std::int64_t>, std::string> time_of(std::int64_t row) override {
    return row > rows ? std::nullopt : std::optional(time(row));
  }
  tl::expected<trace::FeedPart, std::string> read(const trace::FeedCursor& after, const trace::FeedBounds& most,
                                                  trace::FeedTaker& taker) override {
    trace::FeedPart part;
    part.end = after;
    for (; part.end.row < rows && part.messages < most.messages; ++part.messages) {
      trace::KeptMessage message;
      message.id = ++part.end.row;
      message.time = time(message.id);
      message.recipients = 1;
      taker.take(message, {}, {});
    }
    for (; part.end.report < reports && part.reports < most.reports; ++part.reports) {
      taker.take(trace::KeptSize{++part.end.report, now, 1});
    }
    part.has_more = part.end.row < rows || (most.reports > 0 && part.reports == most.reports);
    return part;
  }
  std::int64_t time(std::int64_t row) const { return now + row + shift; }

  std::string file = "file";
  std::int64_t from = 0;
  std::int64_t rows = 0;
  std::int64_t reports = 0;
  std::int64_t shift = 0;
  trace::FeedCursor noted;
};

// Counts how often it has each row, and refuses some.
class MadeTarget : public TraceTarget {
 public:
  TargetResult<TargetState> begin() override {
    if (is_away) return tl::unexpected(TargetError{TargetError::Kind::unavailable, "away"});
    state_.place.now = now + 1'000'000;
    state_.place.oldest = 0;
    return state_;
  }
  TargetResult<> begin_epoch(const std::string& file, const trace::FeedCursor& cursor) override {
    state_.file = file;
    state_.place.epoch = static_cast<std::int16_t>(state_.place.epoch + 1);
    state_.place.base += state_.cursor.row;
    state_.cursor = cursor;
    state_.last_time = 0;
    return {};
  }
  TargetResult<> put(TraceBatch& batch, const TargetNote& note) override {
    const auto count = static_cast<std::int64_t>(batch.messages.rows());
    for (std::int64_t row = note.cursor.row - count + 1; row <= note.cursor.row; ++row) {
      if (poison.contains(row)) return tl::unexpected(TargetError{TargetError::Kind::row, "poison"});
    }
    for (const auto& size : batch.sizes) {
      if (poisoned_reports.contains(size.message - state_.place.base)) {
        return tl::unexpected(TargetError{TargetError::Kind::row, "poison"});
      }
    }
    if (!fail_before.empty() && fail_before.erase(note.cursor.row) > 0) {
      return tl::unexpected(TargetError{TargetError::Kind::unavailable, "lost before"});
    }
    for (std::int64_t row = note.cursor.row - count + 1; row <= note.cursor.row; ++row) {
      ++times[row + state_.place.base];
    }
    for (const auto& size : batch.sizes) ++report_times[size.message];
    most_in_a_batch = std::max(most_in_a_batch, batch.messages.rows());
    take(note);
    // The answer to COMMIT was lost.
    if (fail_after.erase(note.cursor.row) > 0) {
      return tl::unexpected(TargetError{TargetError::Kind::unavailable, "lost after"});
    }
    return {};
  }
  TargetResult<> reject(const RejectedRow& row, const BatchPlace& /*place*/, const TargetNote& note) override {
    rejected.push_back(row);
    state_.rejected += 1;
    take(note);
    return {};
  }
  void roll_back() override {}

  bool is_away = false;
  std::set<std::int64_t> poison;
  std::set<std::int64_t> poisoned_reports;
  std::set<std::int64_t> fail_before;
  std::set<std::int64_t> fail_after;
  std::map<std::int64_t, int> times;
  std::map<std::int64_t, int> report_times;
  std::vector<RejectedRow> rejected;
  std::size_t most_in_a_batch = 0;
  TargetState state_;

 private:
  void take(const TargetNote& note) {
    state_.cursor = note.cursor;
    state_.last_time = note.last_time;
    state_.lost += note.lost;
  }
};

class FleetTracePump : public testing::Test {
 protected:
  // Until there is nothing more to do, through failures.
  int run(int most = 1'000) {
    int steps = 0;
    for (; steps < most; ++steps) {
      const auto done = pump_.step(false);
      if (done && !done->has_more) return steps;
    }
    ADD_FAILURE() << "it does not end";
    return steps;
  }
  void expect_each_once(std::int64_t first, std::int64_t last, const std::set<std::int64_t>& but = {}) const {
    for (std::int64_t row = first; row <= last; ++row) {
      const auto found = target_.times.find(row);
      EXPECT_EQ(found == target_.times.end() ? 0 : found->second, but.contains(row) ? 0 : 1) << row;
    }
  }

  MadeFeed feed_;
  MadeTarget target_;
  TracePump pump_{feed_, target_};
};

TEST_F(FleetTracePump, KnowsWhatWaitsWhileTheDatabaseIsAway) {
  feed_.rows = 5;
  feed_.noted.row = 2;  // by the file alone, before anything was asked
  EXPECT_EQ(pump_.backlog()->rows, 3);
  EXPECT_EQ(pump_.backlog()->oldest, feed_.time(3));
  run();
  EXPECT_EQ(pump_.backlog()->rows, 0);
  EXPECT_EQ(pump_.backlog()->oldest, 0);
  target_.is_away = true;
  feed_.rows = 9;
  EXPECT_FALSE(pump_.step(true).has_value());
  EXPECT_EQ(pump_.backlog()->rows, 4);
  EXPECT_EQ(pump_.backlog()->oldest, feed_.time(6));
}

TEST_F(FleetTracePump, TakesAllInBatches) {
  feed_.rows = 12'345;
  feed_.reports = 7;
  run();
  expect_each_once(1, 12'345);
  EXPECT_EQ(target_.report_times.size(), 7U);
  EXPECT_EQ(target_.most_in_a_batch, 5'000U);
  EXPECT_EQ(run(), 0);
}

TEST_F(FleetTracePump, GoesOnFromWhatTheDatabaseHasAfterAnyDoubt) {
  feed_.rows = 20'000;
  target_.fail_before = {5'000, 15'000};
  target_.fail_after = {10'000, 20'000};
  run();
  expect_each_once(1, 20'000);
}

TEST_F(FleetTracePump, NothingIsLostWhileTheDatabaseIsAway) {
  feed_.rows = 10;
  target_.is_away = true;
  EXPECT_EQ(pump_.step(false).error().reason, "away");
  feed_.rows = 20;
  EXPECT_FALSE(pump_.step(false));
  target_.is_away = false;
  run();
  expect_each_once(1, 20);
}

TEST_F(FleetTracePump, ARowThatIsToBlameIsPutAsideAlone) {
  feed_.rows = 9'000;
  target_.poison = {1, 777, 778, 9'000};
  run();
  expect_each_once(1, 9'000, target_.poison);
  ASSERT_EQ(target_.rejected.size(), 4U);
  EXPECT_EQ(target_.rejected[1].seq, 777);
  EXPECT_EQ(target_.rejected[1].reason, "poison");
  EXPECT_FALSE(target_.rejected[1].is_report);
  EXPECT_FALSE(target_.rejected[1].content.empty());
}

TEST_F(FleetTracePump, SoIsAReportAndMessagesAreNotHeldUpByIt) {
  feed_.rows = 100;
  feed_.reports = 100;
  target_.poisoned_reports = {1, 50};
  run();
  expect_each_once(1, 100);
  EXPECT_EQ(target_.report_times.size(), 98U);
  ASSERT_EQ(target_.rejected.size(), 2U);
  EXPECT_TRUE(target_.rejected[0].is_report);
}

TEST_F(FleetTracePump, ANewFileGoesOnBehindTheNumbersOfTheOneBefore) {
  feed_.rows = 10;
  run();
  feed_.file = "another";
  feed_.rows = 3;
  feed_.from = 1;
  run();
  expect_each_once(1, 13, {11});
  EXPECT_EQ(target_.state_.place.epoch, 2);
}

TEST_F(FleetTracePump, AnOlderCopyOfTheFileIsAnother) {
  feed_.rows = 10;
  run();
  feed_.noted.row = 4;  // as it says in the copy
  feed_.rows = 5;
  run();
  EXPECT_EQ(target_.state_.place.epoch, 2);
  expect_each_once(1, 10);
  EXPECT_EQ(target_.times[15], 1);
}

TEST_F(FleetTracePump, SoIsOneThatHasOvertakenWhatWasSent) {
  feed_.rows = 10;
  run();
  feed_.noted.row = 4;
  feed_.rows = 20;
  feed_.shift = 5;  // the same numbers are of other messages
  run();
  EXPECT_EQ(target_.state_.place.epoch, 2);
  EXPECT_EQ(target_.times.size(), 10U + 16U);
}

}  // namespace
}  // namespace connectord::fleet
