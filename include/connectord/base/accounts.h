#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

// Accounts and groups of this machine (getpwnam(3), getgrnam(3)). Thread-safe.
namespace connectord::base {

struct Account {
  std::string name;  // for messages
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups{};  // beside gid
};

// Without its further groups.
std::optional<Account> find_account(const std::string& name);
std::optional<Account> find_account(uid_t uid);
// As whom the process acts, with its own group; named by its number where that has no name.
Account own_account();
// All groups that this account is in, `gid` among them.
std::vector<gid_t> groups_of(const std::string& name, gid_t gid);

std::optional<gid_t> find_group(const std::string& name);
// std::nullopt where the group has no name.
std::optional<std::string> name_of_group(gid_t gid);

}  // namespace connectord::base
