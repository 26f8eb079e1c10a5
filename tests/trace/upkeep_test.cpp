#include "trace/upkeep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "fixture.h"
#include "trace/encode.h"
#include "trace/spool_record.h"
#include "trace/sqlite_writer.h"

namespace connectord::trace::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t batch = 8'192;  // what is indexed together

class UpkeepOfABacklog : public TraceTest {
 protected:
  void SetUp() override {
    TraceTest::SetUp();
    ASSERT_TRUE(make_trace_file(path()));
    auto opened = SqliteWriter::open(path(), 0);
    ASSERT_TRUE(opened) << opened.error().reason;
    writer_ = std::move(*opened);
  }

  // All of the same words, since their number is what counts.
  void write(std::size_t messages) {
    const StoredEntry entry = encode(Mail().entry());
    std::vector<SpooledEntryPointer> entries(messages);
    std::generate(entries.begin(), entries.end(), [&] {
      return std::make_shared<const SpooledEntry>(SpooledEntry{++last_, entry});
    });
    ASSERT_TRUE(writer_->transact([&](SqliteWriter& writer) { writer.insert(entries); }));
  }

  std::unique_ptr<SqliteWriter> writer_;

 private:
  std::uint64_t last_ = 0;
};

TEST_F(UpkeepOfABacklog, TakesMoreStepsAtATimeTheMoreItIsBehind) {
  Upkeep upkeep(options());
  const auto runs_until = [&](std::size_t unindexed) {
    int runs = 0;
    for (; writer_->unindexed() > unindexed && runs < 1000; ++runs) EXPECT_TRUE(upkeep.run(*writer_));
    return runs;
  };
  write(batch);
  const int for_one_batch = runs_until(0);
  write(4 * batch);
  EXPECT_LT(2 * runs_until(3 * batch), for_one_batch);
}

TEST_F(UpkeepOfABacklog, LeavesWhatTakesTooLongAtTheEndToTheNextStart) {
  write(3 * batch);
  std::chrono::steady_clock::time_point now;
  const auto slow = [&now] { return now += 40ms; };
  ASSERT_TRUE(Upkeep::index_at_end(*writer_, slow));
  EXPECT_LT(writer_->unindexed(), 3 * batch);
  EXPECT_GT(writer_->unindexed(), 0U);
  ASSERT_TRUE(Upkeep::index_at_end(*writer_, [&now] { return now; }));
  EXPECT_EQ(writer_->unindexed(), 0U);
}

}  // namespace
}  // namespace connectord::trace::test
