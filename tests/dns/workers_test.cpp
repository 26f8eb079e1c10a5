#include "connectord/dns/workers.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>

namespace connectord::dns {
namespace {

// Keeps one worker busy until the test lets it go.
class Busy {
 public:
  explicit Busy(Workers& workers) {
    const auto started = std::make_shared<std::promise<void>>();
    auto has_started = started->get_future();
    EXPECT_TRUE(workers.submit("busy", [started, go = go_.get_future().share()] {
      started->set_value();
      go.wait();
    }));
    has_started.wait();
  }
  void end() { go_.set_value(); }

 private:
  std::promise<void> go_;
};

TEST(WorkersThread, HaveTheSharesTakeTurnsHoweverMuchOneOfThemBrings) {
  const auto workers = make_workers({.threads = 1});
  Busy busy(*workers);
  std::string order;
  const auto done = std::make_shared<std::promise<void>>();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(workers->submit("many", [&order] { order += 'm'; }));
  EXPECT_TRUE(workers->submit("few", [&order] { order += 'f'; }));
  EXPECT_TRUE(workers->submit("other", [&order] { order += 'o'; }));
  EXPECT_TRUE(workers->submit("many", [&order, done] {
    order += 'm';
    done->set_value();
  }));
  busy.end();
  done->get_future().wait();
  EXPECT_EQ(order, "mfommmm");
}

TEST(WorkersThread, TakeNoMoreThanTheirLimitsAndKeepRoomForOthers) {
  const auto workers = make_workers({.threads = 1, .max_waiting = 5, .max_of_share = 3});
  Busy busy(*workers);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(workers->submit("many", [] {}));
  EXPECT_FALSE(workers->submit("many", [] {})) << "its share is full";
  EXPECT_TRUE(workers->submit("few", [] {}));
  EXPECT_TRUE(workers->submit("other", [] {}));
  EXPECT_FALSE(workers->submit("last", [] {})) << "all is full";
  busy.end();
}

TEST(WorkersThread, RunAsManyJobsSideBySideAsThereAreThreads) {
  const auto workers = make_workers({.threads = 2});
  Busy first(*workers);
  Busy second(*workers);  // would never begin behind the first
  first.end();
  second.end();
}

TEST(WorkersThread, FinishAtTheirEndWhatRunsAndKeepNothingOfWhatWaits) {
  auto workers = make_workers({.threads = 1});
  Busy busy(*workers);
  const auto held = std::make_shared<int>(0);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(workers->submit("waiting", [held] {}));
  std::thread releasing([&busy] { busy.end(); });
  workers.reset();
  releasing.join();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace connectord::dns
