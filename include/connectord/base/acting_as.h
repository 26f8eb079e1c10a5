#pragma once

#include <optional>
#include <vector>

#include "connectord/base/accounts.h"

namespace connectord::base {

// True if this thread has root's rights for files.
bool has_roots_rights();

// Has the account's rights for files, and none of root's, for as long as it lives: what this thread opens, makes and
// removes it does as that account (setfsuid(2)). An account that is root keeps root's, with another group. Does nothing
// without an account, nor in a process that is not root's. Other threads keep their rights: by seteuid(2) they would
// change theirs too. Ends the process if root's rights cannot be had back.
class ActingAs {
 public:
  explicit ActingAs(const std::optional<Account>& account);
  ~ActingAs();
  ActingAs(const ActingAs&) = delete;
  ActingAs& operator=(const ActingAs&) = delete;

  // False, with errno, if the rights were not changed as they should be; nothing may be done then.
  bool is_in_force() const { return is_in_force_; }

 private:
  void restore() const;

  bool changes_ = false;
  bool is_in_force_ = true;
  gid_t own_group_ = 0;
  std::vector<gid_t> own_groups_;
};

// Within ActingAs: has root's rights for files again for as long as it lives, for places that the account cannot have
// made. Does nothing in a process that is not root's. Ends the process if the account's rights cannot be had back.
class ActingAsRoot {
 public:
  ActingAsRoot();
  ~ActingAsRoot();
  ActingAsRoot(const ActingAsRoot&) = delete;
  ActingAsRoot& operator=(const ActingAsRoot&) = delete;

 private:
  std::optional<uid_t> before_;
};

}  // namespace connectord::base
