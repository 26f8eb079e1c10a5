// Root's tools in folders of somebody else's: nothing is done there that this somebody could not do.
#include "trace/file_owner.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>

#include "connectord/base/acting_as.h"
#include "trace/fixture.h"
#include "trace/spool_record.h"

namespace connectord::trace {
namespace {

namespace fs = std::filesystem;
using namespace test;  // NOLINT: short forms of mail

constexpr uid_t nobody = 65534;

class FileOwners : public TraceTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can take anybody's rights";
    TraceTest::SetUp();
  }
  void TearDown() override {
    if (!folder_.empty()) TraceTest::TearDown();
  }

  // Below the test's folder, which is root's.
  fs::path folder(const std::string& name, uid_t owner, mode_t mode = 0755) const {
    const fs::path made = folder_ / name;
    fs::create_directory(made);
    EXPECT_EQ(::chown(made.c_str(), owner, owner), 0);
    EXPECT_EQ(::chmod(made.c_str(), mode), 0);
    return made;
  }
  static fs::path file(const fs::path& path, uid_t owner, const std::string& content = "") {
    std::ofstream(path) << content;
    EXPECT_EQ(::chown(path.c_str(), owner, owner), 0);
    EXPECT_EQ(::chmod(path.c_str(), 0600), 0);
    return path;
  }
  static fs::path link(const fs::path& target, const fs::path& name, uid_t owner) {
    fs::create_symlink(target, name);
    EXPECT_EQ(::lchown(name.c_str(), owner, owner), 0);
    return name;
  }

  // The user's number, "root", or "too open".
  static std::string owner_of(const fs::path& path) {
    const auto owner = owner_of_way_to(path.string());
    if (!owner) return owner.error().find("may be written to by others") != std::string::npos ? "too open" : "missing";
    return *owner ? std::to_string((*owner)->uid) : "root";
  }
};

TEST_F(FileOwners, AreThoseWhoDecideWhatTheNameLeadsTo) {
  const fs::path roots = folder("roots", 0);
  const fs::path theirs = folder("theirs", nobody);
  const fs::path open = folder("open", 0, 0777);
  const fs::path sticky = folder("sticky", 0, 01777);
  const fs::path group = folder("group", 0, 0775);
  ASSERT_EQ(::chown(group.c_str(), 0, nobody), 0);
  folder("theirs/below", 0);
  const std::vector<std::pair<fs::path, std::string>> cases = {
      {roots / "missing", "root"},
      {file(roots / "of root", 0), "root"},
      {file(roots / "of nobody", nobody), "root"},
      {theirs / "missing", "65534"},
      {file(theirs / "of root", 0), "65534"},
      {file(theirs / "below" / "file", 0), "65534"},
      {theirs / ".." / "roots" / "of root", "65534"},
      {link(theirs / "of root", roots / "to theirs", 0), "65534"},
      {link("../theirs", roots / "relative", 0) / "of root", "65534"},
      {link(roots / "of root", roots / "to roots", 0), "root"},
      {link(roots / "of root", sticky / "link of nobody", nobody), "65534"},
      {file(sticky / "of root", 0), "root"},
      {file(sticky / "of nobody", nobody), "65534"},
      {sticky / "missing", "missing"},
      {file(open / "of root", 0), "too open"},
      {file(open / "of nobody", nobody), "65534"},
      {file(group / "of root", 0), "too open"},
      {link("loop", roots / "loop", 0), "missing"},
  };
  for (const auto& [path, expected] : cases) EXPECT_EQ(owner_of(path), expected) << path;
}

TEST_F(FileOwners, LendTheirRightsToOneThreadUntilItGivesThemBack) {
  const fs::path secret = file(folder_ / "secret", 0, "root's");
  const auto readable = [&secret] {
    const int opened = ::open(secret.c_str(), O_RDONLY | O_CLOEXEC);
    if (opened >= 0) ::close(opened);
    return opened >= 0;
  };
  // A thread that is made meanwhile has the rights of the one that makes it.
  std::promise<void> now;
  auto by_another = std::async(std::launch::async, [&readable, begin = now.get_future()] {
    begin.wait();
    return readable();
  });
  {
    const base::ActingAs acting(base::Account{"nobody", nobody, nobody, {}});
    ASSERT_TRUE(acting.is_in_force());
    EXPECT_FALSE(readable());
    now.set_value();
    EXPECT_TRUE(by_another.get());
    {
      const base::ActingAsRoot root_again;
      EXPECT_TRUE(readable());
    }
    EXPECT_FALSE(readable());
  }
  EXPECT_TRUE(readable());
}

// What nobody puts into the trace's folder, for root to find.
class TraceOfAnAttacker : public FileOwners {
 protected:
  void SetUp() override {
    FileOwners::SetUp();
    if (IsSkipped()) return;
    theirs_ = folder("theirs", nobody, 0750);
    victim_ = file(folder_ / "victim", 0, "of root alone");
    trace_ = (theirs_ / "trace.db").string();
  }
  void TearDown() override {
    if (!folder_.empty()) {
      EXPECT_EQ(content_of(victim_), "of root alone");
    }
    FileOwners::TearDown();
  }

  void make_trace() {
    SqliteOptions with = options();
    with.path = trace_;
    open(with);
    append(Mail().queued_as("1"));
    store_.reset();
    for (const auto& each : fs::directory_iterator(theirs_)) {
      ASSERT_EQ(::lchown(each.path().c_str(), nobody, nobody), 0);
    }
  }
  std::string found_there() const {
    const auto archive = open_sqlite_archive(trace_);
    if (!archive) return archive.error();
    const auto page = (*archive)->search({});
    if (!page) return page.error();
    std::string text;
    for (const Row& row : page->rows) text += row.message->queue_id;
    return text;
  }

  fs::path theirs_;
  fs::path victim_;
  std::string trace_;
};

TEST_F(TraceOfAnAttacker, IsReadWithTheirRights) {
  make_trace();
  EXPECT_EQ(found_there(), "1");
  for (const auto& each : fs::directory_iterator(theirs_)) {
    struct stat status {};
    ASSERT_EQ(::lstat(each.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, nobody) << each.path();
  }
}

TEST_F(TraceOfAnAttacker, WithALinkForASpoolLeavesAloneWhatItLeadsTo) {
  make_trace();
  fs::remove(trace_ + "-spool");
  link(victim_, trace_ + "-spool", nobody);
  EXPECT_EQ(found_there(), "1");
}

TEST_F(TraceOfAnAttacker, WithALinkForALogOrIndexLeavesAloneWhatItLeadsTo) {
  for (const char* suffix : {"-wal", "-shm"}) {
    make_trace();
    fs::remove(trace_ + suffix);
    link(victim_, trace_ + suffix, nobody);
    found_there();
    EXPECT_EQ(content_of(victim_), "of root alone") << suffix;
    fs::remove(trace_ + suffix);
  }
}

TEST_F(TraceOfAnAttacker, WithALinkForATraceMakesNothing) {
  link(folder_ / "made", trace_, nobody);
  file(trace_ + "-spool", nobody, "words of the attacker's");
  EXPECT_NE(found_there().find("there is no trace"), std::string::npos) << found_there();
  EXPECT_FALSE(fs::exists(folder_ / "made"));
  fs::remove(trace_);
  link(victim_, trace_, nobody);
  EXPECT_NE(found_there().find("unable to open database file"), std::string::npos) << found_there();
}

TEST_F(TraceOfAnAttacker, WithALinkToATraceOfRootsAddsNothingToThat) {
  SqliteOptions with = options();
  open(with);
  append(Mail().queued_as("ROOTS"));
  store_.reset();
  ASSERT_EQ(::chmod(path().c_str(), 0600), 0);
  link(path(), trace_, nobody);
  std::string record = spool_record(encode(Mail().queued_as("WORDS").entry()));
  number_record(record, std::uint64_t{1} << 62U);
  file(trace_ + "-spool", nobody, record);
  EXPECT_NE(found_there().find("unable to open database file"), std::string::npos) << found_there();
  EXPECT_EQ(found(), "ROOTS");
}

TEST_F(TraceOfAnAttacker, ThatIsAPipeIsNotWaitedFor) {
  ASSERT_EQ(::mkfifo(trace_.c_str(), 0644), 0);
  EXPECT_NE(found_there().find("is not a regular file"), std::string::npos) << found_there();
}

}  // namespace
}  // namespace connectord::trace
