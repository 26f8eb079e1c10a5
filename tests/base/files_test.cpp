#include "connectord/base/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "connectord/base/file_descriptor.h"

namespace connectord::base {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
 protected:
  Files() {
    std::string name = (fs::temp_directory_path() / "connectord-files-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Files() override { fs::remove_all(folder_); }

  std::string path(const char* name = "file") const { return (folder_ / name).string(); }
  static mode_t mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0);
    return status.st_mode & 07777;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& each : fs::directory_iterator(folder_)) names.push_back(each.path().filename().string());
    return names;
  }

  fs::path folder_;
};

TEST_F(Files, AreReadUpToABound) {
  ASSERT_TRUE(create_file(path(), "four", {}));
  EXPECT_EQ(read_file(path(), 4).value(), "four");
  EXPECT_EQ(read_file(path(), 3).error(), std::errc::file_too_large);
  EXPECT_EQ(read_file(path("missing")).error(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(read_file(folder_.string()).error(), std::errc::is_a_directory);
}

TEST_F(Files, AreReadToTheEndWhateverTheirSizeSays) {
  EXPECT_GT(read_file("/proc/self/status").value().size(), 100U);
  EXPECT_EQ(read_file("/dev/zero", 100'000).error(), std::errc::file_too_large);
  ASSERT_TRUE(create_file(path(), std::string(1'000'000, 'x'), {}));
  EXPECT_EQ(read_file(path()).value(), std::string(1'000'000, 'x'));
}

TEST_F(Files, AreMadeWithTheirRightsWhateverTheUmaskIs) {
  const mode_t before = ::umask(077);
  EXPECT_TRUE(create_file(path(), "text", {.mode = 0640}));
  ::umask(before);
  EXPECT_EQ(mode_of(path()), 0640U);
}

TEST_F(Files, AreNotMadeWhereAnythingStands) {
  ASSERT_TRUE(create_file(path(), "first", {}));
  EXPECT_EQ(create_file(path(), "second", {}).error(), std::errc::file_exists);
  EXPECT_EQ(read_file(path()).value(), "first");
  fs::create_symlink(path("elsewhere"), path("link"));
  EXPECT_EQ(create_file(path("link"), "text", {}).error(), std::errc::file_exists);
  EXPECT_FALSE(fs::exists(path("elsewhere")));
}

TEST_F(Files, AreReplacedAsAWhole) {
  ASSERT_TRUE(replace_file(path(), "first", {.mode = 0600}));
  ASSERT_TRUE(replace_file(path(), "second", {.mode = 0644}));
  EXPECT_EQ(read_file(path()).value(), "second");
  EXPECT_EQ(mode_of(path()), 0644U);
  EXPECT_EQ(names(), std::vector<std::string>{"file"});
}

TEST_F(Files, AreReplacedAndNotWhatALinkLeadsTo) {
  ASSERT_TRUE(create_file(path("theirs"), "theirs", {}));
  fs::create_symlink(path("theirs"), path());
  ASSERT_TRUE(replace_file(path(), "ours", {}));
  EXPECT_EQ(read_file(path("theirs")).value(), "theirs");
  EXPECT_FALSE(fs::is_symlink(path()));
}

TEST_F(Files, LeaveNothingBehindThatIsNotPublished) {
  ASSERT_TRUE(create_file(path(), "old", {}));
  ASSERT_TRUE(FileReplacement::prepare(path(), "new", {}));
  EXPECT_EQ(read_file(path()).value(), "old");
  EXPECT_EQ(names(), std::vector<std::string>{"file"});
}

TEST_F(Files, AreWhatTheyWereWhereTheDiskIsFull) {
  ASSERT_TRUE(create_file(path(), "old", {}));
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{1000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  const auto replaced = replace_file(path(), std::string(5000, 'x'), {});
  const auto made = create_file(path("new"), std::string(5000, 'x'), {});
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(replaced.error(), path() + ": cannot write the file: File too large");
  EXPECT_EQ(made.error(), std::errc::file_too_large);
  EXPECT_EQ(read_file(path()).value(), "old");
  EXPECT_EQ(names(), std::vector<std::string>{"file"});
}

TEST_F(Files, OfSeveralWritersAreOneOfTheirsAsAWhole) {
  std::vector<std::thread> writers;
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    writers.emplace_back([this, letter] { EXPECT_TRUE(replace_file(path(), std::string(10'000, letter), {})); });
  }
  for (std::thread& writer : writers) writer.join();
  const std::string text = read_file(path()).value();
  EXPECT_EQ(text, std::string(10'000, text.front()));
  EXPECT_EQ(names(), std::vector<std::string>{"file"});
}

}  // namespace
}  // namespace connectord::base
