// The files of a trace that somebody locks, removes or replaces: what was kept is in what others find.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "trace/fixture.h"

namespace connectord::trace {
namespace {

using namespace test;  // NOLINT: short forms of mail

// Whether another process sees that this one has a lock on the file. As long as it does, no other process that closes
// the database removes its log.
bool others_see_a_lock(const std::string& path) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    ::_exit(file >= 0 && ::fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? 1 : 0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

class TraceLostFiles : public TraceTest {
 protected:
  ~TraceLostFiles() override { unlock(); }

  // As another program does that is about to write.
  void lock() {
    ASSERT_EQ(sqlite3_open(path().c_str(), &other_), SQLITE_OK);
    constexpr int milliseconds = 10'000;
    sqlite3_busy_timeout(other_, milliseconds);
    ASSERT_EQ(sqlite3_exec(other_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  }
  void unlock() { sqlite3_close(std::exchange(other_, nullptr)); }

  void keep(const std::string& queue_id) {
    append(Mail().queued_as(queue_id));
    EXPECT_TRUE(eventually([this] { return store_->waiting() == 0; }));
  }
  void remove(std::initializer_list<const char*> suffixes) const {
    for (const char* suffix : suffixes) std::filesystem::remove(path() + suffix);
  }
  bool loss_is_reported() {
    return eventually([this] { return store_->condition().losses > 0; }) && logged("was removed or replaced");
  }
  std::string copy() const {
    const std::string made = path() + ".copy";
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open(path().c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, ("VACUUM INTO '" + made + "'").c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
    return made;
  }
  static std::string found_by(Archive& archive) {
    std::string text;
    const auto page = archive.search({});
    if (!page) return page.error();
    for (const Row& row : page->rows) text += (text.empty() ? "" : " ") + row.message->queue_id;
    return text;
  }

  sqlite3* other_ = nullptr;
};

TEST_F(TraceLostFiles, TheProcessKeepsItsLocksWhenTheStoreOpensTheFileAnew) {
  SqliteOptions with = options();
  with.lock_wait = std::chrono::milliseconds(20);
  open(with);
  keep("1");
  const auto reading = archive();
  ASSERT_EQ(found_by(*reading), "1");
  ASSERT_TRUE(others_see_a_lock(path()));
  lock();
  append(Mail().queued_as("2"));
  ASSERT_TRUE(eventually([this] { return !store_->condition().outage.empty(); }));
  EXPECT_TRUE(others_see_a_lock(path()));
  unlock();
  ASSERT_TRUE(eventually([this] { return store_->condition().outage.empty(); }));
  EXPECT_TRUE(others_see_a_lock(path()));
  EXPECT_EQ(store_->condition().losses, 0U);
}

TEST_F(TraceLostFiles, TheProcessKeepsItsLocksWhenATraceIsReadOrAnotherStoreTriesToOpenIt) {
  open();
  keep("1");
  EXPECT_EQ(found(), "1");
  SqliteOptions with = options();
  with.lock_wait = std::chrono::milliseconds(20);
  {
    SqliteStore second(with, log_);
    second.start();
  }
  EXPECT_TRUE(others_see_a_lock(path()));
}

TEST_F(TraceLostFiles, WhatIsInALogThatIsRemovedIsKept) {
  open();
  keep("1");
  remove({"-wal"});
  ASSERT_TRUE(loss_is_reported());
  keep("2");
  EXPECT_EQ(found(), "2 1");
  store_.reset();
  EXPECT_EQ(found(), "2 1");
}

TEST_F(TraceLostFiles, WhatIsInALogThatIsRemovedWithItsIndexIsKept) {
  open();
  keep("1");
  remove({"-wal", "-shm"});
  ASSERT_TRUE(loss_is_reported());
  keep("2");
  EXPECT_EQ(found(), "2 1");
  EXPECT_EQ(store_->condition().losses, 1U);
}

TEST_F(TraceLostFiles, AnIndexThatIsRemovedIsMadeAnew) {
  open();
  keep("1");
  remove({"-shm"});
  ASSERT_TRUE(loss_is_reported());
  keep("2");
  EXPECT_TRUE(std::filesystem::exists(path() + "-shm"));
  EXPECT_EQ(found(), "2 1");
}

TEST_F(TraceLostFiles, WhatIsWrittenToAFileThatWasRemovedIsWrittenToTheNewOneToo) {
  open();
  keep("1");
  lock();
  append(Mail().queued_as("2"));
  remove({"", "-wal", "-shm"});
  unlock();
  ASSERT_TRUE(eventually([this] { return store_->waiting() == 0; }));
  EXPECT_EQ(found(), "2");
  EXPECT_TRUE(loss_is_reported());
}

TEST_F(TraceLostFiles, WhatWaitsWhileTheFileCannotBeWrittenOutlivesTheFile) {
  SqliteOptions with = options();
  with.lock_wait = std::chrono::milliseconds(20);
  open(with);
  const auto reading = archive();
  lock();
  append(Mail().queued_as("1"));
  ASSERT_TRUE(eventually([this] { return !store_->condition().outage.empty(); }));
  remove({"", "-wal", "-shm"});
  unlock();
  ASSERT_TRUE(eventually([this] { return store_->waiting() == 0; }));
  EXPECT_EQ(found(), "1");
  EXPECT_EQ(found_by(*reading), "1");
}

TEST_F(TraceLostFiles, AFileThatIsMovedAwayHasAllThatWasWrittenToIt) {
  open();
  keep("1");
  std::filesystem::rename(path(), path() + ".away");
  ASSERT_TRUE(loss_is_reported());
  keep("2");
  EXPECT_EQ(found(), "2");
  const auto away = open_sqlite_archive(path() + ".away");
  ASSERT_TRUE(away.has_value()) << away.error();
  EXPECT_EQ(found_by(**away), "1");
}

TEST_F(TraceLostFiles, ACopyThatIsPutInTheFilesPlaceIsGoneOnWith) {
  open();
  keep("1");
  const std::string copy = this->copy();
  keep("2");
  const auto reading = archive();
  EXPECT_EQ(found_by(*reading), "2 1");
  std::filesystem::rename(copy, path());
  ASSERT_TRUE(loss_is_reported());
  keep("3");
  EXPECT_EQ(found(), "3 1");
  EXPECT_EQ(found_by(*reading), "3 1");
  EXPECT_FALSE(logged("damaged"));
}

TEST_F(TraceLostFiles, WhoeverReadsSeesTheNewFileWhereADamagedOneWasSetAside) {
  open();
  keep("1");
  const auto reading = archive();
  EXPECT_EQ(found_by(*reading), "1");
  {
    std::string garbage(static_cast<std::size_t>(std::filesystem::file_size(path())), 'x');
    const int file = ::open((path() + ".bad").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    ASSERT_EQ(::write(file, garbage.data(), garbage.size()), static_cast<ssize_t>(garbage.size()));
    ::close(file);
  }
  std::filesystem::rename(path() + ".bad", path());
  ASSERT_TRUE(eventually([this] { return logged("it was set aside, and a new one begun"); }));
  keep("2");
  EXPECT_EQ(found_by(*reading), "2");
}

TEST_F(TraceLostFiles, AFolderThatMayNotBeSearchedIsAnOutageAndNoLoss) {
  if (::geteuid() == 0) {
    ::chmod(folder_.c_str(), 0777);
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const auto inner = folder_ / "inner";
  std::filesystem::create_directory(inner);
  SqliteOptions with = options();
  with.path = (inner / "trace.db").string();
  open(with);
  keep("1");
  ::chmod(inner.c_str(), 0);
  EXPECT_TRUE(eventually([this] { return !store_->condition().outage.empty(); }));
  ::chmod(inner.c_str(), 0700);
  EXPECT_TRUE(eventually([this] { return store_->condition().outage.empty(); }));
  EXPECT_EQ(store_->condition().losses, 0U);
  store_.reset();
  if (::getuid() == 0) {
    EXPECT_EQ(::seteuid(0), 0);
  }
}

TEST_F(TraceLostFiles, ABatchThatIsRecordedOnceMoreAddsNoRefusal) {
  open();
  Mail refused;
  refused.refused().queued_as("R").stage = Stage::mta;
  LogBatch batch;
  batch.refusals.push_back(refused.entry());
  batch.position = "file 1 offset 2";
  record(batch);
  record(batch);
  EXPECT_EQ(found(), "R");
}

}  // namespace
}  // namespace connectord::trace
