#include "connectord/config/secret_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace connectord::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uid_t daemon_user = 4711;
constexpr gid_t daemon_group = 4712;
constexpr uid_t somebody = 4713;

class SecretFile : public ::testing::Test {
 protected:
  SecretFile() {
    std::string name = (std::filesystem::temp_directory_path() / "connectord-secret-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    ::chmod(folder_.c_str(), 0755);
    path_ = folder_ / "key.pem";
    std::ofstream(path_) << "the secret";
  }
  ~SecretFile() override { std::filesystem::remove_all(folder_); }

  std::string outcome(const SecretReader& reader) const {
    const auto content = read_secret_file(path_.string(), reader);
    return content ? "read: " + *content : content.error();
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

TEST_F(SecretFile, OfTheProcessItselfIsReadUnlessOthersMayUseIt) {
  const SecretReader self{"self", ::geteuid(), ::getegid()};
  for (const mode_t mode : {0600U, 0400U, 0640U}) {
    ::chmod(path_.c_str(), mode);
    EXPECT_EQ(outcome(self), "read: the secret") << mode;
  }
  for (const mode_t mode : {0644U, 0604U, 0660U, 0620U, 0601U, 0777U}) {
    ::chmod(path_.c_str(), mode);
    EXPECT_THAT(outcome(self), HasSubstr("others may use the file")) << mode;
    EXPECT_THAT(outcome(self), HasSubstr("; run: chown ")) << mode;
    EXPECT_THAT(outcome(self), Not(HasSubstr("the secret"))) << mode;
  }
}

// Whose the file is, its mode, and what becomes of it; the reader is the daemon's user.
TEST_F(SecretFile, MustBeReadableForTheDaemonsUserAndNobodyElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const SecretReader reader{"connectord", daemon_user, daemon_group};
  struct Case {
    uid_t owner;
    gid_t group;
    mode_t mode;
    const char* outcome;
  };
  for (const Case& one :
       {Case{daemon_user, daemon_group, 0600, "read: the secret"}, Case{daemon_user, 0, 0400, "read: the secret"},
        Case{0, daemon_group, 0640, "read: the secret"}, Case{0, 0, 0600, "the user connectord may not read the file"},
        Case{0, 0, 0640, "the user connectord may not read the file"},
        Case{0, daemon_group, 0600, "the user connectord may not read the file"},
        Case{daemon_user, daemon_group, 0200, "the user connectord may not read the file"},
        Case{somebody, daemon_group, 0640, "the file belongs to 4713, who could change it"},
        Case{daemon_user, somebody, 0640, "the group 4713 may read the file"},
        Case{0, daemon_group, 0644, "others may use the file (its mode is 0644)"}}) {
    ASSERT_EQ(::chown(path_.c_str(), one.owner, one.group), 0);
    ASSERT_EQ(::chmod(path_.c_str(), one.mode), 0);
    EXPECT_THAT(outcome(reader), HasSubstr(one.outcome))
        << one.owner << ':' << one.group << ' ' << std::oct << one.mode;
  }
}

TEST_F(SecretFile, MustNotLieInAFolderThatTheDaemonsUserCannotPass) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  ASSERT_EQ(::chown(path_.c_str(), daemon_user, daemon_group), 0);
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  ASSERT_EQ(::chmod(folder_.c_str(), 0700), 0);
  EXPECT_THAT(outcome({"connectord", daemon_user, daemon_group}), HasSubstr("may not enter the folder"));
}

TEST_F(SecretFile, IsARegularFileOfASensibleSize) {
  const SecretReader self{"self", ::geteuid(), ::getegid()};
  ::chmod(path_.c_str(), 0600);
  std::filesystem::resize_file(path_, (64U << 10U) + 1);
  EXPECT_THAT(outcome(self), HasSubstr("larger than 64 KiB"));
  std::filesystem::remove(path_);
  EXPECT_THAT(outcome(self), HasSubstr("cannot open the file"));
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(outcome(self), HasSubstr("no regular file"));
}

TEST(SecretReaderTest, IsServerUserForRootAndTheProcessOtherwise) {
  const auto reader = reader_of_secrets(::geteuid() == 0 ? "nobody" : "");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->uid == ::geteuid(), ::geteuid() != 0);
  if (::geteuid() != 0) return;
  EXPECT_EQ(reader_of_secrets("")->uid, 0U);
  EXPECT_THAT(reader_of_secrets("no-such-user-here").error(), HasSubstr("adduser --system"));
}

}  // namespace
}  // namespace connectord::config
