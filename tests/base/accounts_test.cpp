#include "connectord/base/accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace connectord::base {
namespace {

TEST(Accounts, AreFoundByNameAndByNumber) {
  const auto root = find_account("root");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->uid, 0U);
  EXPECT_EQ(find_account(uid_t{0})->name, "root");
  EXPECT_FALSE(find_account("no-such-account"));
  EXPECT_THAT(groups_of("root", root->gid), ::testing::Contains(root->gid));
}

TEST(Accounts, HaveGroupsWithNames) {
  EXPECT_EQ(find_group("root"), gid_t{0});
  EXPECT_EQ(name_of_group(0), "root");
  EXPECT_FALSE(find_group("no-such-group"));
}

}  // namespace
}  // namespace connectord::base
