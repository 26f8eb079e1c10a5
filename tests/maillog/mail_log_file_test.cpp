#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "log_folder.h"

namespace connectord::maillog {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
namespace fs = std::filesystem;

// Reads a log as the daemon does, and can be ended at any time.
class MailLogFile : public testing::Test {
 protected:
  // Keeps what comes until nothing does; a rotation is believed at the second look only.
  std::vector<unsigned> read_all() {
    std::vector<unsigned> numbers;
    for (int idle = 0; idle < 3;) {
      auto batch = source_->read();
      if (!batch) {
        problem_ = batch.error();
        break;
      }
      idle = batch->position == position_ && batch->events.empty() ? idle + 1 : 0;
      position_ = batch->position;
      for (const auto& event : batch->events) numbers.push_back(number_of(event));
    }
    return numbers;
  }
  void restart() { source_ = log_.open(position_); }
  void begin() {
    log_.write("");
    restart();
    read_all();
  }

  LogFolder log_;
  std::string position_;
  std::string problem_;
  std::unique_ptr<MailLogSource> source_;
};

TEST_F(MailLogFile, BeginsAtTheEnd) {
  log_.write(numbered_line(1) + "half a li");
  restart();
  EXPECT_THAT(read_all(), IsEmpty());
  log_.write("ne\n" + numbered_line(2));
  EXPECT_THAT(read_all(), ElementsAre(2));
}

TEST_F(MailLogFile, ReadsALineWhenItsEndIsThere) {
  begin();
  const std::string line = numbered_line(1);
  for (const char c : line.substr(0, line.size() - 1)) {
    log_.write(std::string(1, c));
    ASSERT_THAT(read_all(), IsEmpty());
  }
  log_.write("\n");
  EXPECT_THAT(read_all(), ElementsAre(1));
}

TEST_F(MailLogFile, GoesOnWhereItWas) {
  begin();
  log_.write(numbered_line(1));
  EXPECT_THAT(read_all(), ElementsAre(1));
  log_.write(numbered_line(2));
  restart();
  EXPECT_THAT(read_all(), ElementsAre(2));
  restart();
  EXPECT_THAT(read_all(), IsEmpty());
}

TEST_F(MailLogFile, GivesTheSameAgainWhereThePositionWasNotKept) {
  begin();
  log_.write(numbered_line(1) + numbered_line(2));
  EXPECT_EQ(source_->read()->events.size(), 2U);
  restart();
  EXPECT_THAT(read_all(), ElementsAre(1, 2));
}

TEST_F(MailLogFile, FollowsARotationByRenaming) {
  begin();
  log_.write(numbered_line(1));
  EXPECT_THAT(read_all(), ElementsAre(1));
  log_.write(numbered_line(2));
  log_.rotate_by_renaming();
  EXPECT_THAT(read_all(), ElementsAre(2));
  log_.write(numbered_line(3));
  EXPECT_THAT(read_all(), ElementsAre(3));
}

TEST_F(MailLogFile, ReadsTheOldFileAsLongAsNothingIsInTheNewOne) {
  begin();
  log_.rotate_by_renaming();
  EXPECT_THAT(read_all(), IsEmpty());
  std::ofstream(log_.rotated(1), std::ios::app) << numbered_line(1);  // a writer that has not reopened its log yet
  EXPECT_THAT(read_all(), ElementsAre(1));
  log_.write(numbered_line(2));
  EXPECT_THAT(read_all(), ElementsAre(2));
}

TEST_F(MailLogFile, WaitsForALogThatWasRenamedAndNotMadeAnew) {
  begin();
  log_.write(numbered_line(1));
  fs::rename(log_.path(), log_.rotated(1));
  EXPECT_THAT(read_all(), ElementsAre(1));
  log_.write(numbered_line(2));
  EXPECT_THAT(read_all(), ElementsAre(2));
}

TEST_F(MailLogFile, TakesALastLineWithoutAnEndWhenTheFileIsOver) {
  begin();
  const std::string line = numbered_line(1);
  log_.write(line.substr(0, line.size() - 1));
  log_.rotate_by_renaming();
  EXPECT_THAT(read_all(), IsEmpty());
  log_.write(numbered_line(2));
  EXPECT_THAT(read_all(), ElementsAre(1, 2));
}

TEST_F(MailLogFile, FollowsACopyAndTruncation) {
  begin();
  log_.write(numbered_line(1));
  EXPECT_THAT(read_all(), ElementsAre(1));
  log_.write(numbered_line(2));
  log_.rotate_by_copying();
  log_.write(numbered_line(3));
  EXPECT_THAT(read_all(), ElementsAre(2, 3));
}

TEST_F(MailLogFile, NoticesATruncationAfterTheFileHasGrownBeyondTheOldPlace) {
  begin();
  log_.write(numbered_line(1));
  EXPECT_THAT(read_all(), ElementsAre(1));
  log_.rotate_by_copying();
  log_.write(numbered_line(2) + numbered_line(3) + numbered_line(4));
  EXPECT_THAT(read_all(), ElementsAre(2, 3, 4));
}

TEST_F(MailLogFile, ReadsTheRestOfEachFileThatWasRotatedWhileNobodyRead) {
  for (const bool by_copying : {false, true}) {
    begin();
    log_.write(numbered_line(1));
    EXPECT_THAT(read_all(), ElementsAre(1));
    for (const unsigned number : {2, 3, 4}) {
      log_.write(numbered_line(number));
      by_copying ? log_.rotate_by_copying() : log_.rotate_by_renaming();
    }
    log_.write(numbered_line(5));
    restart();
    EXPECT_THAT(read_all(), ElementsAre(2, 3, 4, 5)) << "copied: " << by_copying;
    EXPECT_FALSE(source_->lost_lines());
  }
}

TEST_F(MailLogFile, ReadsFilesWithADateToo) {
  begin();
  log_.write(numbered_line(1));
  fs::rename(log_.path(), log_.path() + "-20261120");
  log_.write(numbered_line(2));
  fs::rename(log_.path(), log_.path() + "-20261121");
  log_.write(numbered_line(3));
  restart();
  EXPECT_THAT(read_all(), ElementsAre(1, 2, 3));
}

TEST_F(MailLogFile, ReadsFilesThatPostfixRotatedItself) {
  begin();
  log_.write(numbered_line(1));
  fs::rename(log_.path(), log_.path() + ".20261121-235218");
  log_.write(numbered_line(2));
  restart();
  EXPECT_THAT(read_all(), ElementsAre(1, 2));
}

TEST_F(MailLogFile, SaysThatLinesWereLostAndBeginsWithTheNewFile) {
  begin();
  log_.write(numbered_line(1));
  EXPECT_THAT(read_all(), ElementsAre(1));
  log_.write(numbered_line(2));
  log_.rotate_by_renaming();
  fs::rename(log_.rotated(1), log_.path() + ".1.gz");
  log_.write(numbered_line(3));
  restart();
  EXPECT_THAT(read_all(), ElementsAre(3));
  EXPECT_TRUE(source_->lost_lines());
  EXPECT_FALSE(source_->lost_lines());
}

TEST_F(MailLogFile, DoesNotTakeAFileForAnotherWithItsInode) {
  begin();
  log_.write(numbered_line(1));
  EXPECT_THAT(read_all(), ElementsAre(1));
  std::ofstream(log_.path(), std::ios::trunc) << numbered_line(7) << numbered_line(8);
  restart();
  EXPECT_THAT(read_all(), ElementsAre(7, 8));
}

TEST_F(MailLogFile, PassesOverLinesThatAreTooLong) {
  begin();
  // What stands behind 64 KiB of another line is no line, however it looks, and wherever the reading is interrupted.
  const std::string disguised = numbered_line(13);
  for (int part = 0; part < 20; ++part) {
    log_.write(std::string(50'000, 'x'));
    read_all();
    restart();
  }
  log_.write(disguised + numbered_line(1));
  EXPECT_THAT(read_all(), ElementsAre(1));
}

TEST_F(MailLogFile, CatchesUpInPieces) {
  begin();
  std::string text;
  for (unsigned number = 0; number < 20'000; ++number) text += numbered_line(number);
  log_.write(text);
  const auto first = source_->read();
  EXPECT_GT(first->events.size(), 1'000U);
  EXPECT_LT(first->events.size(), 10'000U);
  restart();
  EXPECT_EQ(read_all().size(), 20'000U);
}

TEST_F(MailLogFile, SaysWhyALogCannotBeReadAndRecovers) {
  restart();
  read_all();
  EXPECT_EQ(problem_, log_.path() + ": No such file or directory");
  log_.write(numbered_line(1));
  EXPECT_THAT(read_all(), IsEmpty());  // begins at the end
  log_.write(numbered_line(2));
  EXPECT_THAT(read_all(), ElementsAre(2));
}

TEST_F(MailLogFile, RefusesAPipe) {
  restart();
  ASSERT_EQ(::mkfifo(log_.path().c_str(), 0600), 0);
  read_all();
  EXPECT_EQ(problem_, log_.path() + " is not a regular file");
}

// Every line exactly once and in order, whatever is written, rotated, read, or ended before its position was kept.
TEST_F(MailLogFile, LosesAndDoublesNothingAcrossRandomRotationsAndEnds) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    std::vector<unsigned> kept;
    unsigned written = 0;
    position_.clear();
    for (unsigned number = 60; number > 0; --number) fs::remove(log_.rotated(number));
    fs::remove(log_.path());
    log_.write(numbered_line(0));
    begin();
    for (int step = 0; step < 200; ++step) {
      switch (random() % 10) {
        case 0:
          if (fs::file_size(log_.path()) > 0) log_.rotate_by_renaming();
          break;
        case 1:
          if (fs::file_size(log_.path()) > 0) log_.rotate_by_copying();
          break;
        case 2:
          restart();
          break;
        case 3:
          std::ignore = source_->read();  // ended before it was kept
          restart();
          break;
        case 4:
        case 5:
        case 6:
          for (unsigned lines = random() % 4; lines > 0; --lines) log_.write(numbered_line(++written));
          break;
        default: {
          const auto batch = source_->read();
          ASSERT_TRUE(batch.has_value());
          position_ = batch->position;
          for (const auto& event : batch->events) kept.push_back(number_of(event));
        }
      }
    }
    log_.write(numbered_line(++written));
    restart();
    for (const unsigned number : read_all()) kept.push_back(number);
    ASSERT_EQ(kept.size(), written) << "seed " << seed;
    for (unsigned i = 0; i < written; ++i) ASSERT_EQ(kept[i], i + 1) << "seed " << seed;
    EXPECT_FALSE(source_->lost_lines()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace connectord::maillog
