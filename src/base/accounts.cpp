#include "connectord/base/accounts.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>

namespace connectord::base {
namespace {

// More than an entry of passwd(5) needs; a group with thousands of members has more, so that grows.
constexpr std::size_t entry_size = std::size_t{16} << 10;
constexpr std::size_t largest_entry = std::size_t{16} << 20;

// Calls one of the functions of getpwnam_r(3)'s kind, with room that is large enough; what it has found is in `entry`
// then, and refers to `buffer`.
template <class Entry, class Find>
bool find_entry(Entry& entry, std::string& buffer, const Find& find) {
  Entry* found = nullptr;
  for (buffer.resize(entry_size); find(&entry, buffer.data(), buffer.size(), &found) == ERANGE;) {
    if (buffer.size() >= largest_entry) return false;
    buffer.resize(buffer.size() * 2);
  }
  return found != nullptr;
}

template <class Find>
std::optional<Account> account_by(const Find& find) {
  passwd entry{};
  std::string buffer;
  if (!find_entry(entry, buffer, find)) return std::nullopt;
  return Account{entry.pw_name, entry.pw_uid, entry.pw_gid, {}};
}

}  // namespace

std::optional<Account> find_account(const std::string& name) {
  return account_by([&name](auto... rest) { return ::getpwnam_r(name.c_str(), rest...); });
}

std::optional<Account> find_account(uid_t uid) {
  return account_by([uid](auto... rest) { return ::getpwuid_r(uid, rest...); });
}

Account own_account() {
  const uid_t uid = ::geteuid();
  const auto known = find_account(uid);
  return {known ? known->name : std::to_string(uid), uid, ::getegid()};
}

std::vector<gid_t> groups_of(const std::string& name, gid_t gid) {
  int count = 0;
  ::getgrouplist(name.c_str(), gid, nullptr, &count);
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(name.c_str(), gid, groups.data(), &count) < 0) return {gid};
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

std::optional<gid_t> find_group(const std::string& name) {
  group entry{};
  std::string buffer;
  const auto find = [&name](auto... rest) { return ::getgrnam_r(name.c_str(), rest...); };
  return find_entry(entry, buffer, find) ? std::optional(entry.gr_gid) : std::nullopt;
}

std::optional<std::string> name_of_group(gid_t gid) {
  group entry{};
  std::string buffer;
  const auto find = [gid](auto... rest) { return ::getgrgid_r(gid, rest...); };
  return find_entry(entry, buffer, find) ? std::optional<std::string>(entry.gr_name) : std::nullopt;
}

}  // namespace connectord::base
