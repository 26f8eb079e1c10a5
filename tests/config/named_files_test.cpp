// With whose rights files are read that a host names, that the fleet's generation names, and that the API's files name.
// The folders of the latter two are connectord's user's, who is the attacker here.
#include "connectord/config/named_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "connectord/base/accounts.h"
#include "connectord/config/load.h"
#include "problem_cases.h"

namespace connectord::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* daemon_user_name = "nobody";
// No address, so that an error would have it if it were read.
constexpr const char* in_file = "secret-of-root!\n";

class NamedFiles : public ::testing::Test {
 protected:
  NamedFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "connectord-named-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    ::chmod(folder_.c_str(), 0755);
    if (const auto account = base::find_account(daemon_user_name)) account_ = *account;
    std::filesystem::create_directory(state());
    std::ofstream(people()) << in_file;
    give(people(), 0, 0600);
  }
  ~NamedFiles() override { std::filesystem::remove_all(folder_); }

  std::string state() const { return folder_ + "/fleet"; }
  std::string people() const { return folder_ + "/people"; }
  std::string main_file() const { return folder_ + "/connectord.toml"; }

  void give(const std::string& path, gid_t group, mode_t mode) const {
    if (::geteuid() == 0) {
      ASSERT_EQ(::lchown(path.c_str(), 0, group), 0);
    }
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }

  std::string rule() const {
    return "[[rule]]\nname = \"r\"\npriority = 1\n[rule.when]\nsenders_file = \"" + people() +
           "\"\n[[rule.action]]\ndo = \"prepend_subject\"\ntext = \"x\"\n";
  }

  // What becomes of a host with this in its own file and that in its copy.
  Loaded outcome(const std::string& own, const std::string& in_common, const std::string& user) const {
    std::ofstream(main_file()) << with_server((user.empty() ? "" : "user = \"" + user + "\"\n") + own) +
                                      "[fleet]\ndatabase = \"postgresql:///c\"\nstate = \"" + state() + "\"\n";
    std::ofstream(state() + "/generation-7.toml") << in_common;
    std::filesystem::remove(state() + "/current");
    std::filesystem::create_symlink("generation-7.toml", state() + "/current");
    if (::geteuid() == 0) {
      EXPECT_EQ(::chown(state().c_str(), account_.uid, account_.gid), 0);
    }
    return load(main_file(), {.host_name = "mx1.example.net"});
  }

  std::string folder_;
  base::Account account_;
};

TEST_F(NamedFiles, WhatTheFleetNamesIsReadWithTheRightsOfConnectordsUserAlsoByRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root could read more";
  for (const std::string& user : {std::string(daemon_user_name), std::string()}) {
    give(people(), 0, 0600);
    const Loaded refused = outcome("", rule(), user);
    ASSERT_FALSE(refused.ok()) << user;
    const std::string said = listed(refused.problems);
    EXPECT_THAT(said, HasSubstr(state() + "/generation-7.toml:4"));
    EXPECT_THAT(said, HasSubstr("rule.when.senders_file: \"" + people() + "\": the user nobody may not read the file"));
    EXPECT_THAT(said, HasSubstr("; run: chgrp nogroup " + people() + " && chmod 640 " + people()));
    EXPECT_THAT(said, Not(HasSubstr("secret-of-root")));
    for (const SourceText& source : refused.sources) EXPECT_THAT(source.text, Not(HasSubstr("secret-of-root")));
    // As the message says.
    give(people(), account_.gid, 0640);
    EXPECT_THAT(listed(outcome("", rule(), user).problems), HasSubstr("secret-of-root!"));
    std::ofstream(people()) << "a@example.com\n";
    EXPECT_TRUE(outcome("", rule(), user).ok()) << listed(outcome("", rule(), user).problems);
    std::ofstream(people()) << in_file;
  }
}

TEST_F(NamedFiles, WhatTheHostNamesIsReadAsThisProcessCan) {
  std::ofstream(people()) << "a@example.com\n";
  EXPECT_TRUE(outcome(rule(), "", daemon_user_name).ok());
  if (::geteuid() != 0) return;
  // The same file by both: the list that the host's rule has read is not the fleet's rule's.
  std::string again = rule();
  again.replace(again.find("\"r\"\npriority = 1"), 16, "\"s\"\npriority = 2");
  EXPECT_THAT(listed(outcome(rule(), again, daemon_user_name).problems),
              HasSubstr("the user nobody may not read the file"));
}

TEST_F(NamedFiles, AFolderOnTheWayIsNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "root can pass any folder";
  give(people(), account_.gid, 0640);
  const std::string inner = folder_ + "/inner";
  std::filesystem::create_directory(inner);
  std::filesystem::rename(people(), inner + "/people");
  give(inner, 0, 0700);
  std::string in_common = rule();
  in_common.replace(in_common.find(people()), people().size(), inner + "/people");
  EXPECT_THAT(listed(outcome("", in_common, daemon_user_name).problems),
              HasSubstr("may not enter the folder " + inner + ", as connectord's user must"));
}

TEST_F(NamedFiles, ACopyThatLeadsElsewhereIsNotRead) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root could read more";
  outcome("", "", daemon_user_name);
  const std::string copy = state() + "/generation-7.toml";
  const auto leads_there = [this, &copy](bool is_hard_link) {
    if (is_hard_link) return std::filesystem::create_hard_link(people(), copy);
    std::filesystem::create_symlink(people(), copy);
  };
  for (const bool is_hard_link : {false, true}) {
    std::filesystem::remove(copy);
    leads_there(is_hard_link);
    const Loaded loaded = load(main_file(), {.host_name = "mx1.example.net"});
    EXPECT_FALSE(loaded.ok());
    EXPECT_THAT(listed(loaded.problems), Not(HasSubstr("secret-of-root")));
  }
}

// Where the API writes connectors, and who else has the user.
class FilesInTheUsersFolder : public NamedFiles {
 protected:
  FilesInTheUsersFolder() { std::filesystem::create_directory(included()); }
  std::string included() const { return folder_ + "/connectors.d"; }

  Loaded outcome(const std::string& text, uid_t owner, mode_t mode) const {
    if (!text.empty()) std::ofstream(included() + "/r.toml") << text;
    std::ofstream(main_file()) << with_server("user = \"" + std::string(daemon_user_name) +
                                              "\"\ninclude = [\"connectors.d/*.toml\"]\n");
    EXPECT_EQ(::chown(included().c_str(), owner, account_.gid), 0);
    EXPECT_EQ(::chmod(included().c_str(), mode), 0);
    return load(main_file(), {.host_name = "mx1.example.net"});
  }
};

TEST_F(FilesInTheUsersFolder, NameWhatThatUserMayReadAlone) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root could read more";
  give(people(), 0, 0600);
  for (const auto& [owner, mode] : {std::pair<uid_t, mode_t>(account_.uid, 0750), {0, 0775}}) {
    const std::string said = listed(outcome(rule(), owner, mode).problems);
    EXPECT_THAT(said, HasSubstr("the user nobody may not read the file, as connectord's user must for what is named "
                                "where it may write; run: chgrp nogroup " +
                                people()));
    EXPECT_THAT(said, Not(HasSubstr("secret-of-root")));
  }
  give(people(), account_.gid, 0640);
  EXPECT_THAT(listed(outcome(rule(), account_.uid, 0750).problems), HasSubstr("secret-of-root!"));
}

TEST_F(FilesInTheUsersFolder, AreTheUsersWhereTheFileOrAFolderAboveIs) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root could read more";
  give(people(), 0, 0600);
  const std::string above = folder_ + "/above";
  std::filesystem::create_directories(above + "/connectors");
  std::ofstream(above + "/connectors/r.toml") << rule();
  std::ofstream(main_file()) << with_server("user = \"" + std::string(daemon_user_name) +
                                            "\"\ninclude = [\"above/connectors/*.toml\"]\n");
  const auto said = [this] { return listed(load(main_file(), {.host_name = "mx1.example.net"}).problems); };
  EXPECT_THAT(said(), HasSubstr("secret-of-root!")) << "all of it is root's";
  for (const std::string& theirs : {above, above + "/connectors/r.toml"}) {
    ASSERT_EQ(::chown(theirs.c_str(), account_.uid, 0), 0);
    EXPECT_THAT(said(), HasSubstr("the user nobody may not read the file")) << theirs;
    ASSERT_EQ(::chown(theirs.c_str(), 0, 0), 0);
  }
  constexpr uid_t another_administrator = 4712;
  ASSERT_EQ(::chown(above.c_str(), another_administrator, 0), 0);
  EXPECT_THAT(said(), HasSubstr("secret-of-root!")) << "not connectord's user's";
}

TEST_F(FilesInTheUsersFolder, AreTheUsersBesideTheMainFileTooUnlessThatIsTheUsers) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root could read more";
  give(people(), 0, 0600);
  const std::string beside = folder_ + "/beside.toml";
  std::ofstream(beside) << rule();
  std::ofstream(main_file()) << with_server("user = \"" + std::string(daemon_user_name) +
                                            "\"\ninclude = [\"beside.toml\"]\n");
  const auto said = [this] { return listed(load(main_file(), {.host_name = "mx1.example.net"}).problems); };
  EXPECT_THAT(said(), HasSubstr("secret-of-root!")) << "all of it is root's";
  ASSERT_EQ(::chown(beside.c_str(), account_.uid, 0), 0);
  EXPECT_THAT(said(), HasSubstr("the user nobody may not read the file"));
  ASSERT_EQ(::chown(main_file().c_str(), account_.uid, 0), 0);
  EXPECT_THAT(said(), HasSubstr("secret-of-root!")) << "that user could name another user in it";
}

TEST_F(FilesInTheUsersFolder, AreReadAsThatUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root could read more";
  give(people(), 0, 0600);
  std::filesystem::create_symlink(people(), included() + "/leads-there.toml");
  const Loaded loaded = outcome("", account_.uid, 0750);
  EXPECT_THAT(listed(loaded.problems), HasSubstr("the user nobody may not read the file"));
  for (const SourceText& source : loaded.sources) EXPECT_THAT(source.text, Not(HasSubstr("secret-of-root")));
}

TEST_F(FilesInTheUsersFolder, AreTheHostsOwnWhereRootAloneMayWrite) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root could read more";
  give(people(), 0, 0600);
  EXPECT_THAT(listed(outcome(rule(), 0, 0755).problems), HasSubstr("secret-of-root!"));
}

TEST_F(NamedFiles, AUserWhoDoesNotExistReadsNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root becomes somebody else";
  const Loaded loaded = outcome("", rule(), "no-such-user");
  EXPECT_THAT(listed(loaded.problems), HasSubstr("the user \"no-such-user\" of server.user must be able to read it"));
}

}  // namespace
}  // namespace connectord::config
