#include "doctor/process_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "connectord/mta/files.h"

namespace connectord::doctor {
namespace {

TEST(ProcessRights, AreThoseThatCountNow) {
  const auto rights = read_rights("Name:\tx\nUid:\t1\t401\t3\t4\nGid:\t5\t400\t7\t8\nGroups:\t4 12 \nVmPeak:\t1 kB\n");
  ASSERT_TRUE(rights);
  EXPECT_EQ(rights->user, 401U);
  EXPECT_EQ(rights->group, 400U);
  EXPECT_THAT(rights->groups, ::testing::ElementsAre(4U, 12U));
  EXPECT_THAT(read_rights("Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\n")->groups, ::testing::IsEmpty());
}

TEST(ProcessRights, AreNotGuessed) {
  for (const std::string text :
       {"", "Uid:\t0\t0\t0\t0\n", "Uid:\t0\nGid:\t0\t0\t0\t0\nGroups:\t\n", "Uid:\tx\nGid:\tx\nGroups:\n"}) {
    EXPECT_FALSE(read_rights(text)) << text;
  }
  EXPECT_TRUE(rights_of(::getpid()));
  EXPECT_FALSE(rights_of(-1));
}

TEST(ProcessRights, OfAUserAreThoseOfItsGroups) {
  const auto rights = rights_of_user("root");
  ASSERT_TRUE(rights);
  EXPECT_EQ(rights->user, 0U);
  EXPECT_THAT(rights->groups, ::testing::Contains(rights->group));
  EXPECT_FALSE(rights_of_user("nobody of this name"));
}

TEST(ErrorOfAccess, IsWhatTheKernelSaysToThatUser) {
  const mta::TemporaryFolder folder;
  const std::string file = (folder.path() / "log").string();
  std::ofstream(file) << "x";
  const ProcessRights stranger{12345, 12345, {}};
  if (::geteuid() != 0) {
    EXPECT_FALSE(error_of_access(file, R_OK, stranger));
    return;
  }
  ::chmod(folder.path().c_str(), 0755);
  ::chmod(file.c_str(), 0640);
  EXPECT_EQ(error_of_access(file, R_OK, stranger), EACCES);
  ASSERT_EQ(::chown(file.c_str(), 0, 54321), 0);
  EXPECT_EQ(error_of_access(file, R_OK, {12345, 12345, {54321}}), 0);
  EXPECT_EQ(error_of_access(file, R_OK | W_OK, {12345, 12345, {54321}}), EACCES);
  ::chmod(folder.path().c_str(), 0700);
  EXPECT_EQ(error_of_access(file, R_OK, {12345, 12345, {54321}}), EACCES);
  EXPECT_EQ(error_of_access(file + "-not-there", R_OK, {0, 0, {}}), ENOENT);
}

}  // namespace
}  // namespace connectord::doctor
