#include "connectord/net/path_trust.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace connectord::net {
namespace {

const base::Account suspect{"4711", 4711, 4712, {4713}};
const base::Account somebody{"4811", 4811, 4812, {}};

// A folder of root's with one of the suspect's in it, and links to both.
class PathTrust : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    std::string name = (std::filesystem::temp_directory_path() / "connectord-trust-XXXXXX").string();
    top_ = ::mkdtemp(name.data());
    ::chmod(top_.c_str(), 0755);
    make("roots");
    make("theirs");
    make("theirs/below");
    give("theirs", suspect.uid, suspect.gid, 0755);
    std::filesystem::create_directory_symlink("roots", top_ / "link");
    std::filesystem::create_directory_symlink("theirs", top_ / "other-link");
    std::filesystem::create_directory_symlink("loop", top_ / "loop");
    std::filesystem::create_directory_symlink("roots", top_ / "given-link");
    ASSERT_EQ(::lchown((top_ / "given-link").c_str(), suspect.uid, suspect.gid), 0);
  }
  void TearDown() override {
    if (!top_.empty()) std::filesystem::remove_all(top_);
  }

  void make(const std::string& folder) const { std::filesystem::create_directory(top_ / folder); }
  void give(const std::string& path, uid_t user, gid_t group, mode_t mode) const {
    ASSERT_EQ(::chown((top_ / path).c_str(), user, group), 0);
    ASSERT_EQ(::chmod((top_ / path).c_str(), mode), 0);
  }
  bool is_roots(const std::string& path) const { return only_root_can_change((top_ / path).string()); }
  bool is_of(const base::Account& account, const std::string& path) const {
    return can_change(account, (top_ / path).string());
  }

  std::filesystem::path top_;
};

TEST_F(PathTrust, KnowsWhatOnlyRootCanChange) {
  make("open");
  give("open", 0, 0, 0777);
  for (const char* path : {"roots", "link", "roots/../link/.", "", "."}) EXPECT_TRUE(is_roots(path)) << path;
  for (const char* path : {"theirs", "theirs/below", "other-link", "other-link/below", "given-link", "loop", "open",
                           "missing", "theirs/../roots/missing"}) {
    EXPECT_FALSE(is_roots(path)) << path;
  }
}

TEST_F(PathTrust, KnowsWhatAnAccountCanChange) {
  for (const char* path : {"theirs", "theirs/below", "theirs/missing", "other-link/below", "given-link"}) {
    EXPECT_TRUE(is_of(suspect, path)) << path;
    EXPECT_FALSE(is_of(somebody, path)) << path;
  }
  for (const char* path : {"roots", "link", "loop", "missing"}) EXPECT_FALSE(is_of(suspect, path)) << path;
}

TEST_F(PathTrust, OwnersGroupsAndAllOthersCount) {
  struct Case {
    uid_t user;
    gid_t group;
    mode_t mode;
    bool roots, suspects, somebodys;
  };
  const Case cases[] = {
      {0, 0, 0755, true, false, false},       {0, 0, 0775, true, false, false},
      {0, 4712, 0755, true, false, false},    {0, 4712, 0775, false, true, false},
      {0, 4713, 0775, false, true, false},    {0, 4713, 0755, true, false, false},
      {0, 0, 0777, false, true, true},        {4711, 0, 0555, false, true, false},
      {4811, 4812, 0755, false, false, true}, {4811, 4712, 0775, false, true, true},
  };
  std::ofstream(top_ / "roots" / "file") << "text\n";
  for (const char* path : {"roots", "roots/file"}) {
    for (const Case& one : cases) {
      give(path, one.user, one.group, one.mode);
      const std::string which = std::string(path) + " " + std::to_string(one.user) + ":" + std::to_string(one.group);
      EXPECT_EQ(is_roots("roots/file"), one.roots) << which;
      EXPECT_EQ(is_of(suspect, "roots/file"), one.suspects) << which;
      EXPECT_EQ(is_of(somebody, "roots/file"), one.somebodys) << which;
    }
    give(path, 0, 0, 0755);
  }
}

TEST_F(PathTrust, InAStickyFolderOnlyWhatIsTheirs) {
  give("roots", 0, 0, 01777);
  make("roots/mine");
  make("roots/another");
  give("roots/another", suspect.uid, 0, 0755);
  EXPECT_TRUE(is_roots("roots/mine"));
  EXPECT_FALSE(is_of(suspect, "roots/mine"));
  EXPECT_FALSE(is_roots("roots/another"));
  EXPECT_TRUE(is_of(suspect, "roots/another"));
  EXPECT_FALSE(is_of(somebody, "roots/another"));
}

}  // namespace
}  // namespace connectord::net
