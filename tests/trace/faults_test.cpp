// A store that cannot be written: no call waits for long, the log says so once, and it comes back by itself.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <optional>

#include "trace/fixture.h"

namespace connectord::trace {
namespace {

using namespace test;  // NOLINT: short forms of mail

// Another program's connection, which waits while the store tidies up.
sqlite3* connect(const std::string& path) {
  constexpr int milliseconds = 10'000;
  sqlite3* handle = nullptr;
  sqlite3_open(path.c_str(), &handle);
  sqlite3_busy_timeout(handle, milliseconds);
  return handle;
}

class TraceFaults : public TraceTest {
 protected:
  std::string failure() {
    const auto id = store_->append(Mail().queued_as("LOST").entry());
    return id ? "" : id.error();
  }
  bool works() { return store_->append(Mail().queued_as("KEPT").entry()).has_value(); }

  // As another program does it, with the file's own lock.
  void sql(const std::string& text) const {
    sqlite3* handle = connect(path());
    EXPECT_EQ(sqlite3_exec(handle, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }
  std::size_t files_with(const std::string& part) const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      count += entry.path().filename().string().find(part) != std::string::npos ? 1 : 0;
    }
    return count;
  }
};

// No file of this process may grow beyond this, as if the disk were full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

// Another program that is about to write.
class Lock {
 public:
  explicit Lock(const std::string& path) : handle_(connect(path)) {
    EXPECT_EQ(sqlite3_exec(handle_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  }
  ~Lock() { sqlite3_close(handle_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  sqlite3* handle_;
};

// Somebody without root's rights, who may write to everything.
class Unprivileged {
 public:
  Unprivileged() {
    if (::geteuid() == 0) changed_ = ::seteuid(nobody) == 0;
  }
  ~Unprivileged() {
    if (changed_) [[maybe_unused]]
      const int back = ::seteuid(0);
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  static constexpr uid_t nobody = 65534;
  bool changed_ = false;
};

TEST_F(TraceFaults, AFullDiskFailsEveryCallAndIsLoggedOnce) {
  open();
  ASSERT_TRUE(works());
  {
    const FullDisk full(1);
    ASSERT_TRUE(eventually([&] { return !failure().empty(); }));
    for (int i = 0; i < 100; ++i) EXPECT_NE(failure(), "");
  }
  ASSERT_TRUE(eventually([this] { return works(); }));
  EXPECT_TRUE(eventually([this] { return logged("the trace can be written again"); }));
  EXPECT_EQ(times_logged("the trace can be written again"), 1U);
  EXPECT_EQ(times_logged("the trace cannot be written"), 1U);
  EXPECT_EQ(found().find("KEPT"), 0U);
}

TEST_F(TraceFaults, ADiskWithSpaceForLessThanWhatWaitsIsOneOutage) {
  open();
  ASSERT_TRUE(works());
  ASSERT_TRUE(eventually([this] { return store_->waiting() == 0; }));
  std::optional<Lock> lock(path());
  // Twice what the disk has space for, however many of them are taken before the others.
  constexpr std::size_t waiting = 6'000;
  for (std::size_t i = 0; i < waiting; ++i) ASSERT_TRUE(works());
  {
    const FullDisk full(400'000);
    lock.reset();
    ASSERT_TRUE(eventually([this] { return logged("the trace cannot be written"); }));
    // Each attempt writes to the file.
    for (int attempt = 0; attempt < 3; ++attempt) {
      const auto before = std::filesystem::last_write_time(path());
      ASSERT_TRUE(eventually([&] { return std::filesystem::last_write_time(path()) != before; }));
    }
    EXPECT_NE(failure(), "");
    EXPECT_FALSE(logged("the trace can be written again"));
  }
  ASSERT_TRUE(eventually([this] { return logged("the trace can be written again"); }));
  EXPECT_EQ(times_logged("the trace can be written again"), 1U);
  EXPECT_EQ(times_logged("the trace cannot be written"), 1U);
  Query all;
  all.limit = 2 * waiting;
  EXPECT_EQ(search(all).rows.size(), waiting + 1);
}

TEST_F(TraceFaults, AFileWithoutTheRightToWriteFailsUntilThereIsOne) {
  ::chmod(folder_.c_str(), 0777);
  const Unprivileged unprivileged;
  open();
  ASSERT_TRUE(works());
  store_.reset();
  ::chmod(path().c_str(), 0444);
  open();
  EXPECT_NE(failure().find("cannot be opened for writing: Permission denied"), std::string::npos) << failure();
  EXPECT_TRUE(logged("the trace cannot be written"));
  ::chmod(path().c_str(), 0640);
  ASSERT_TRUE(eventually([this] { return works(); }));
}

TEST_F(TraceFaults, WhoMayNotOpenTheSpoolReadsWhatIsInTheFile) {
  open();
  ASSERT_TRUE(works());
  ASSERT_TRUE(eventually([this] { return store_->waiting() == 0; }));
  ::chmod(folder_.c_str(), 0777);
  for (const char* suffix : {"", "-wal", "-shm"}) ::chmod((path() + suffix).c_str(), 0666);
  const Unprivileged unprivileged;
  EXPECT_EQ(found(), "KEPT");
}

TEST_F(TraceFaults, AFolderThatIsNotThereFailsUntilItIs) {
  SqliteOptions with = options();
  with.path = (folder_ / "a" / "b" / "trace.db").string();
  open(with);
  EXPECT_NE(failure().find("cannot be opened for writing: No such file or directory"), std::string::npos) << failure();
  std::filesystem::create_directories(folder_ / "a" / "b");
  ASSERT_TRUE(eventually([this] { return works(); }));
}

TEST_F(TraceFaults, AFileThatIsNoDatabaseIsSetAsideAndANewOneBegun) {
  std::ofstream(path()) << std::string(10'000, 'x');
  open();
  EXPECT_TRUE(works());
  EXPECT_TRUE(logged("the file is damaged: it was set aside, and a new one begun"));
  EXPECT_TRUE(std::filesystem::exists(path() + ".damaged-20261121T120000Z"));
}

TEST_F(TraceFaults, ADamageAmongRunningIsSetAsideWithoutLosingAnEntry) {
  open();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(works());
  store_.reset();
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(static_cast<std::size_t>(std::filesystem::file_size(path())) - 4096, '\xee');
  }
  open();
  EXPECT_TRUE(works());
  EXPECT_EQ(files_with(".damaged-"), 1U);
  EXPECT_EQ(found(), "KEPT");
}

TEST_F(TraceFaults, TwoDamagedFilesOfOneSecondAreBothKept) {
  for (int i = 0; i < 2; ++i) {
    std::ofstream(path()) << std::string(10'000, 'x');
    open();
    EXPECT_TRUE(works());
    store_.reset();
  }
  EXPECT_EQ(files_with(".damaged-20261121T120000Z"), 2U);
}

TEST_F(TraceFaults, ALockOfAnotherProgramIsWaitedForOnceAndThenFailsAtOnce) {
  SqliteOptions with = options();
  with.lock_wait = std::chrono::milliseconds(20);
  open(with);
  std::optional<Lock> lock(path());
  // Kept before anybody could know.
  append(Mail().queued_as("FIRST"));
  ASSERT_TRUE(eventually([this] { return failure().find("locked") != std::string::npos; }));
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) EXPECT_NE(failure(), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  lock.reset();
  ASSERT_TRUE(eventually([this] { return works(); }));
  Query first;
  first.queue_id = "FIRST";
  EXPECT_EQ(found(first), "FIRST");
}

TEST_F(TraceFaults, NobodyWaitsForALockThatTheFileIsWaitingFor) {
  SqliteOptions with = options();
  with.lock_wait = std::chrono::milliseconds(20'000);
  open(with);
  std::optional<Lock> lock(path());
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(works());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  lock.reset();
  EXPECT_TRUE(eventually([this] { return store_->waiting() == 0; }));
}

TEST_F(TraceFaults, MoreThanMayWaitFailsAfterAWhileInThreadsThatFindNoRoom) {
  SqliteOptions with = options();
  with.max_waiting = 4;
  with.wait = std::chrono::milliseconds(50);
  with.lock_wait = std::chrono::milliseconds(3'000);
  open(with);
  const Lock lock(path());
  std::atomic<int> turned_away = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 20; ++i) {
      threads.emplace_back([&] {
        if (failure().find("too much is waiting") != std::string::npos) ++turned_away;
      });
    }
  }
  EXPECT_EQ(turned_away, 16);
}

TEST_F(TraceFaults, TwoStoresOfOneFileAreOneTooMany) {
  open();
  ASSERT_TRUE(works());
  SqliteOptions with = options();
  with.lock_wait = std::chrono::milliseconds(20);
  SqliteStore second(with, log_);
  second.start();
  const auto kept = second.append(Mail().entry());
  ASSERT_FALSE(kept.has_value());
  EXPECT_NE(kept.error().find("belongs to another process"), std::string::npos) << kept.error();
  EXPECT_TRUE(works());
}

TEST_F(TraceFaults, AFileThatWasRemovedIsBegunAnew) {
  open();
  ASSERT_TRUE(works());
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path() + suffix);
  ASSERT_TRUE(eventually([this] { return works() && std::filesystem::exists(path()); }));
  EXPECT_TRUE(logged("a file of the trace was removed or replaced"));
}

TEST_F(TraceFaults, AFileOfALaterVersionIsLeftAlone) {
  open();
  ASSERT_TRUE(works());
  store_.reset();
  sql("PRAGMA user_version = 99");
  const auto size = std::filesystem::file_size(path());
  open();
  EXPECT_NE(failure().find("is of a later version of connectord (99; this one knows 6)"), std::string::npos)
      << failure();
  EXPECT_TRUE(logged("is of a later version"));
  EXPECT_EQ(std::filesystem::file_size(path()), size);
  EXPECT_EQ(files_with(".damaged-"), 0U);
  EXPECT_NE(open_sqlite_archive(path()).error().find("is of a later version"), std::string::npos);
}

TEST_F(TraceFaults, AnotherProgramsDatabaseIsLeftAlone) {
  sql("CREATE TABLE precious(x); INSERT INTO precious VALUES (1)");
  open();
  EXPECT_NE(failure().find("is another program's database"), std::string::npos) << failure();
  EXPECT_NE(open_sqlite_archive(path()).error().find("is another program's database"), std::string::npos);
  sql("SELECT x FROM precious");
}

TEST_F(TraceFaults, AnEntryThatCannotBeKeptSpoilsNoOther) {
  open();
  ASSERT_TRUE(works());
  sql("CREATE TRIGGER no BEFORE INSERT ON message WHEN NEW.queue_id = 'LOST' BEGIN SELECT RAISE(ABORT, 'no'); END");
  append(Mail().queued_as("LOST"));
  EXPECT_TRUE(works());
  EXPECT_EQ(found(), "KEPT KEPT");
  EXPECT_TRUE(logged("an entry cannot be kept"));
  EXPECT_FALSE(logged("the trace cannot be written"));
}

TEST_F(TraceFaults, WhatIsDamagedInARowIsLeftOut) {
  open();
  ASSERT_TRUE(works());
  store_.reset();
  sql("UPDATE message SET details = '{\"spf\":[7,{}],\"dkim\":3,\"arc\":[],\"by\":77', findings = '[[1]]', "
      "action = 77, tls = 4711, client = x'0102', recipients = 5, certificate = '{'");
  const Page page = search();
  ASSERT_EQ(page.rows.size(), 1U);
  EXPECT_EQ(page.rows[0].message->client_address, "");
  sql("UPDATE message SET details = '{\"spf\":[7,{}],\"dkim\":[3],\"arc\":[],\"by\":77}', findings = "
      "'[[99,\"s\"],[\"x\",3]]'");
  EXPECT_EQ(search().rows.size(), 1U);
}

}  // namespace
}  // namespace connectord::trace
