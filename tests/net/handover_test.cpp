#include "connectord/net/handover.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "connectord/base/acting_as.h"
#include "connectord/net/listener.h"

namespace connectord::net {
namespace {

const base::Account daemon_account{"4711", 4711, 4712, {}};

struct stat status_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status;
}

bool belongs_to_daemon(const std::filesystem::path& path) {
  const struct stat status = status_of(path);
  return status.st_uid == daemon_account.uid && status.st_gid == daemon_account.gid;
}

// Has folders "roots" and "daemons" of these two, below one that is root's.
class Handover : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    std::string name = (std::filesystem::temp_directory_path() / "connectord-handover-XXXXXX").string();
    top_ = ::mkdtemp(name.data());
    ::chmod(top_.c_str(), 0755);
    std::filesystem::create_directory(top_ / "roots");
    std::filesystem::create_directory(daemons());
    give(daemons());
  }
  void TearDown() override {
    if (!top_.empty()) std::filesystem::remove_all(top_);
  }

  std::filesystem::path daemons() const { return top_ / "daemons"; }
  static void give(const std::filesystem::path& path) {
    ASSERT_EQ(::lchown(path.c_str(), daemon_account.uid, daemon_account.gid), 0);
  }
  static void write(const std::filesystem::path& path) { std::ofstream(path) << "root's\n"; }
  static std::string reason(const std::filesystem::path& folder, const std::vector<std::string>& names = {}) {
    KeptFolder kept{.path = folder.string(), .key = "trace.store", .names = names};
    if (!names.empty()) kept.files = {names.front()};
    const auto done = hand_over(kept, daemon_account);
    return done ? "" : done.error();
  }
  std::filesystem::path top_;
};

TEST_F(Handover, MakesAMissingFolderAndTheOneAboveIt) {
  EXPECT_EQ(reason(top_ / "roots" / "lib" / "trace"), "");
  EXPECT_TRUE(belongs_to_daemon(top_ / "roots" / "lib" / "trace"));
  EXPECT_EQ(status_of(top_ / "roots" / "lib").st_uid, 0U);
  EXPECT_EQ(status_of(top_ / "roots" / "lib" / "trace").st_mode & 07777, 0750U);
  EXPECT_EQ(reason(daemons() / "trace"), "");
  EXPECT_TRUE(belongs_to_daemon(daemons() / "trace"));
  EXPECT_EQ(reason(daemons()), "") << "it is the account's already";
}

TEST_F(Handover, GivesAFolderOfRootsThatHasNothingButWhatIsNamed) {
  const auto folder = top_ / "roots";
  write(folder / "trace.db");
  write(folder / "trace.db-wal");
  write(folder / "audit.log.1");
  std::filesystem::create_directory(folder / "validation");
  const std::vector<std::string> names = {"trace.db", "audit.log", "validation"};
  EXPECT_EQ(reason(folder, names), "");
  EXPECT_TRUE(belongs_to_daemon(folder));
  EXPECT_TRUE(belongs_to_daemon(folder / "trace.db"));
  EXPECT_TRUE(belongs_to_daemon(folder / "trace.db-wal"));
  EXPECT_EQ(status_of(folder / "validation").st_uid, 0U) << "a folder is handed over by itself";
}

TEST_F(Handover, LeavesAFolderOfRootsWithOtherThingsInItAndSaysWhatToDo) {
  const auto folder = top_ / "roots";
  write(folder / "trace.db");
  write(folder / "trace.database");
  EXPECT_EQ(reason(folder, {"trace.db"}),
            folder.string() +
                ": 4711 may not write to this folder, which trace.store needs: Permission denied; run: "
                "chown 4711 " +
                folder.string() + ", or name another place in trace.store");
  EXPECT_EQ(status_of(folder).st_uid, 0U);
  EXPECT_EQ(status_of(folder / "trace.db").st_uid, 0U);
}

TEST_F(Handover, GivesTheFolderThatSystemdMadeWhateverIsInIt) {
  const auto folder = top_ / "roots";
  write(folder / "notes");
  ::setenv("STATE_DIRECTORY", ("/nowhere:" + folder.string()).c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(reason(folder), "");
  ::unsetenv("STATE_DIRECTORY");  // NOLINT(concurrency-mt-unsafe)
  EXPECT_TRUE(belongs_to_daemon(folder));
  EXPECT_EQ(status_of(folder / "notes").st_uid, 0U);
}

TEST_F(Handover, SaysWhichFileTheAccountMayNotWriteTo) {
  write(daemons() / "trace.db");
  ::chmod((daemons() / "trace.db").c_str(), 0640);
  EXPECT_EQ(reason(daemons(), {"trace.db"}).find(daemons().string() + "/trace.db: 4711 may not write to it"), 0U);
  EXPECT_EQ(status_of(daemons() / "trace.db").st_uid, 0U) << "in the account's folder nothing is given";
}

// What the account may have put there before: none of it may become the account's, nor be made anew.
TEST_F(Handover, DoesNothingThroughLinksOfTheAccounts) {
  const auto secret = top_ / "roots" / "secret";
  write(secret);
  ::chmod(secret.c_str(), 0600);
  std::filesystem::create_symlink(top_ / "roots", daemons() / "link");
  std::filesystem::create_symlink(top_ / "roots" / "missing", daemons() / "dangling");
  std::filesystem::create_hard_link(secret, daemons() / "trace.db");
  for (const auto& path : {daemons() / "link", daemons() / "link" / "made", daemons() / "link" / "made" / "below",
                           daemons() / "dangling", daemons()}) {
    EXPECT_NE(reason(path, {"trace.db", "secret"}), "") << path;
  }
  EXPECT_EQ(status_of(secret).st_uid, 0U);
  EXPECT_EQ(status_of(top_ / "roots").st_uid, 0U);
  EXPECT_FALSE(std::filesystem::exists(top_ / "roots" / "made"));
  EXPECT_FALSE(std::filesystem::exists(top_ / "roots" / "missing"));
}

TEST_F(Handover, ActsWithTheAccountsRightsAndGetsRootsBack) {
  {
    const base::ActingAs acting(daemon_account);
    ASSERT_TRUE(acting.is_in_force());
    EXPECT_FALSE(base::has_roots_rights());
    EXPECT_NE(::mkdir((top_ / "roots" / "mine").c_str(), 0700), 0);
    EXPECT_EQ(::mkdir((daemons() / "mine").c_str(), 0700), 0);
  }
  EXPECT_TRUE(base::has_roots_rights());
  EXPECT_TRUE(belongs_to_daemon(daemons() / "mine"));
}

class SocketHandover : public Handover {
 protected:
  static constexpr gid_t mail_servers = 4713;
  static std::string reason(const std::filesystem::path& path) {
    const auto endpoint = Endpoint::parse("unix:" + path.string());
    SocketRights rights{daemon_account, mail_servers, 0660};
    const auto listener = listen_on(*endpoint, rights);
    return listener ? "" : listener.error();
  }
  static void expect_right(const std::filesystem::path& path) {
    const struct stat status = status_of(path);
    EXPECT_EQ(status.st_uid, daemon_account.uid) << path;
    EXPECT_EQ(status.st_gid, mail_servers) << path;
    EXPECT_EQ(status.st_mode, mode_t{S_IFSOCK | 0660}) << path;
  }
};

TEST_F(SocketHandover, HaveTheirRightsInAnyFolder) {
  std::filesystem::create_directory(top_ / "set-gid");
  give(top_ / "set-gid");
  ::chmod((top_ / "set-gid").c_str(), 02750);
  for (const auto& folder : {top_ / "roots", daemons(), top_ / "set-gid", top_ / "made", daemons() / "made"}) {
    EXPECT_EQ(reason(folder / "milter.sock"), "");
    expect_right(folder / "milter.sock");
    EXPECT_EQ(reason(folder / "milter.sock"), "") << "a stale one makes way";
    expect_right(folder / "milter.sock");
  }
  EXPECT_EQ(status_of(daemons() / "made").st_uid, daemon_account.uid);
}

TEST_F(SocketHandover, AreNotMadeThroughLinksOfTheAccounts) {
  const auto secret = top_ / "roots" / "secret";
  write(secret);
  std::filesystem::create_symlink(top_ / "roots", daemons() / "link");
  std::filesystem::create_symlink(secret, daemons() / "milter.sock");
  for (const auto& path :
       {daemons() / "link" / "milter.sock", daemons() / "link" / "made" / "milter.sock", daemons() / "milter.sock"}) {
    EXPECT_NE(reason(path), "") << path;
  }
  EXPECT_EQ(status_of(secret).st_uid, 0U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(top_ / "roots"), {}), 1);
}

// Another process of the account's puts a hard link to a file of root's, and symbolic links, into the way of each step.
TEST_F(SocketHandover, DoNotGiveAwayWhatTheAccountPutsInTheirPlaceMeanwhile) {
  const auto secret = top_ / "roots" / "secret";
  write(secret);
  ::chmod(secret.c_str(), 0600);
  std::filesystem::create_directory(daemons() / "run");
  give(daemons() / "run");
  const auto path = daemons() / "run" / "milter.sock";
  std::filesystem::create_hard_link(secret, daemons() / "bait");  // as protected_hardlinks(5) = 0 would let it
  const pid_t attacker = ::fork();
  if (attacker == 0) {
    const base::ActingAs acting(daemon_account);
    const std::string bait = (daemons() / "bait").string();
    const std::string folder = (daemons() / "run").string();
    const std::string aside = (daemons() / "aside").string();
    for (;;) {
      ::rename(path.c_str(), (daemons() / "old").c_str());
      ::rename(bait.c_str(), path.c_str());
      ::rename(path.c_str(), bait.c_str());
      ::rename(folder.c_str(), aside.c_str());
      [[maybe_unused]] const int linked = ::symlink((top_ / "roots").c_str(), folder.c_str());
      ::unlink(folder.c_str());
      ::rename(aside.c_str(), folder.c_str());
    }
  }
  for (int i = 0; i < 2000; ++i) reason(path);
  ::kill(attacker, SIGKILL);
  ::waitpid(attacker, nullptr, 0);
  EXPECT_EQ(status_of(secret).st_uid, 0U);
  EXPECT_EQ(status_of(secret).st_gid, 0U);
  EXPECT_EQ(status_of(secret).st_mode & 07777, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(top_ / "roots"), {}), 1);
}

}  // namespace
}  // namespace connectord::net
