#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log/recording_log.h"
#include "log_folder.h"

namespace connectord::maillog {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Keeps numbers and position, and says when it has a number.
class NumberSink : public MailLogSink {
 public:
  tl::expected<std::string, std::string> position() override {
    const std::scoped_lock lock(mutex_);
    return position_;
  }
  tl::expected<void, std::string> take(const LoggedBatch& batch) override {
    const std::scoped_lock lock(mutex_);
    ++calls_;
    changed_.notify_all();
    if (broken_) return tl::unexpected(std::string("disk full"));
    position_ = batch.position;
    for (const auto& event : batch.events) numbers_.push_back(number_of(event));
    return {};
  }

  void set_broken(bool broken) {
    const std::scoped_lock lock(mutex_);
    broken_ = broken;
  }
  template <typename Predicate>
  bool wait_until(Predicate predicate) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), predicate);
  }
  bool wait_for_number(unsigned number) {
    return wait_until([&] { return !numbers_.empty() && numbers_.back() == number; });
  }
  bool wait_for_calls(int more) {
    const int before = calls();
    return wait_until([&] { return calls_ >= before + more; });
  }
  bool wait_for_position() {
    return wait_until([&] { return !position_.empty(); });
  }
  int calls() const {
    const std::scoped_lock lock(mutex_);
    return calls_;
  }
  std::vector<unsigned> numbers() const {
    const std::scoped_lock lock(mutex_);
    return numbers_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool broken_ = false;
  int calls_ = 0;
  std::string position_;
  std::vector<unsigned> numbers_;
};

class MailLogReaderThread : public testing::Test {
 protected:
  std::unique_ptr<MailLogReader> reader() {
    return std::make_unique<MailLogReader>(MailLogOptions{folder_.path(), std::chrono::milliseconds(1)}, sink_, log_);
  }

  LogFolder folder_;
  NumberSink sink_;
  test::RecordingLog log_;
};

TEST_F(MailLogReaderThread, ReadsFromStartToStopAndGoesOnWhereItWas) {
  folder_.write("");
  for (unsigned number = 1; number <= 5; ++number) {
    const auto running = reader();
    running->start();
    ASSERT_TRUE(sink_.wait_for_position());
    folder_.write(numbered_line(number));
    ASSERT_TRUE(sink_.wait_for_number(number));
    if (number == 3) folder_.rotate_by_renaming();
  }
  EXPECT_THAT(sink_.numbers(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_TRUE(log_.lines().empty());
}

TEST_F(MailLogReaderThread, OffersTheSameUntilItIsTaken) {
  folder_.write("");
  const auto running = reader();
  running->start();
  ASSERT_TRUE(sink_.wait_for_position());
  sink_.set_broken(true);
  folder_.write(numbered_line(1));
  ASSERT_TRUE(sink_.wait_for_calls(3));
  folder_.write(numbered_line(2));
  sink_.set_broken(false);
  ASSERT_TRUE(sink_.wait_for_number(2));
  running->stop();
  EXPECT_THAT(sink_.numbers(), ElementsAre(1, 2));
  EXPECT_THAT(log_.lines(),
              ElementsAre("mail_log: warning: delivery results are not recorded for now; trying again, source=" +
                              folder_.path() + ", error=\"disk full\"",
                          "mail_log: delivery results are recorded again, source=" + folder_.path()));
}

TEST_F(MailLogReaderThread, WaitsForALogThatIsMissing) {
  const auto running = reader();
  running->start();
  while (log_.lines().empty()) std::this_thread::yield();
  folder_.write("");
  ASSERT_TRUE(sink_.wait_for_position());
  running->stop();
  EXPECT_THAT(log_.lines(), ElementsAre(HasSubstr("No such file or directory"), HasSubstr("recorded again")));
}

TEST(CheckMailLog, FailsWithTheReasonWhereALogCannotBeRead) {
  const LogFolder folder;
  const auto missing = check_mail_log(folder.path());
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error(), HasSubstr("No such file or directory"));
  folder.write("");
  EXPECT_TRUE(check_mail_log(folder.path()).has_value());
}

}  // namespace
}  // namespace connectord::maillog
