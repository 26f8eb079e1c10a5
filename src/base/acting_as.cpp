#include "connectord/base/acting_as.h"

#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace connectord::base {
namespace {

// These change the calling thread alone, which the C library's functions of that name do not.
bool set_groups_of_thread(const std::vector<gid_t>& groups) {
#ifdef SYS_setgroups32
  return ::syscall(SYS_setgroups32, groups.size(), groups.data()) == 0;
#else
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
#endif
}

// They report nothing of a failure but what has become of it.
uid_t user_of_thread() {
  return static_cast<uid_t>(::setfsuid(static_cast<uid_t>(-1)));
}
bool set_user_of_thread(uid_t user) {
  ::setfsuid(user);
  return user_of_thread() == user;
}
bool set_group_of_thread(gid_t group) {
  ::setfsgid(group);
  return static_cast<gid_t>(::setfsgid(static_cast<gid_t>(-1))) == group;
}

std::optional<std::vector<gid_t>> groups_of_thread() {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
  if (::getgroups(static_cast<int>(groups.size()), groups.data()) < 0) return std::nullopt;
  return groups;
}

}  // namespace

bool has_roots_rights() {
  return ::geteuid() == 0 && user_of_thread() == 0;
}

ActingAs::ActingAs(const std::optional<Account>& account) {
  if (!account || !has_roots_rights() || (account->uid == 0 && account->gid == ::getegid())) return;
  auto groups = groups_of_thread();
  is_in_force_ = groups.has_value();
  if (!groups) return;
  own_groups_ = std::move(*groups);
  own_group_ = ::getegid();
  changes_ = true;
  is_in_force_ =
      set_groups_of_thread(account->groups) && set_group_of_thread(account->gid) && set_user_of_thread(account->uid);
  if (is_in_force_) return;
  restore();
  changes_ = false;
  errno = EPERM;
}

ActingAs::~ActingAs() {
  if (!changes_) return;
  const int error = errno;
  restore();
  errno = error;
}

void ActingAs::restore() const {
  if (!set_user_of_thread(0) || !set_group_of_thread(own_group_) || !set_groups_of_thread(own_groups_)) std::abort();
}

ActingAsRoot::ActingAsRoot() {
  const uid_t user = user_of_thread();
  if (::geteuid() != 0 || user == 0) return;
  before_ = user;
  set_user_of_thread(0);
}

ActingAsRoot::~ActingAsRoot() {
  const int error = errno;
  if (before_ && !set_user_of_thread(*before_)) std::abort();
  errno = error;
}

}  // namespace connectord::base
