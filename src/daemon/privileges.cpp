#include "privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace connectord::daemon {

namespace {

std::vector<gid_t> groups_of(const std::string& name, gid_t gid) {
  int count = 0;
  ::getgrouplist(name.c_str(), gid, nullptr, &count);
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(name.c_str(), gid, groups.data(), &count) < 0) return {gid};
  return groups;
}

}  // namespace

tl::expected<net::Account, std::string> find_user(const std::string& name) {
  // Called before any thread is started.
  const passwd* entry = ::getpwnam(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (entry == nullptr) {
    return tl::unexpected("server.user: there is no user \"" + name + "\"; make it with: adduser --system --group " +
                          "--no-create-home " + name);
  }
  net::Account account{name, entry->pw_uid, entry->pw_gid};
  account.groups = groups_of(name, account.gid);
  return account;
}

std::optional<gid_t> find_group(const std::string& name) {
  const group* entry = ::getgrnam(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (entry == nullptr) return std::nullopt;
  return entry->gr_gid;
}

tl::expected<void, std::string> become(const net::Account& user) {
  const bool became =
      ::setgroups(user.groups.size(), user.groups.data()) == 0 && ::setgid(user.gid) == 0 && ::setuid(user.uid) == 0;
  if (!became) return tl::unexpected("cannot become " + user.name + ": " + std::strerror(errno));
  if (user.uid != 0 && ::setuid(0) == 0) return tl::unexpected("root's rights came back after becoming " + user.name);
  return {};
}

void allow_many_files() {
  constexpr rlim_t enough = 65'536;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= enough) return;
  limit.rlim_cur = std::min(limit.rlim_max, enough);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace connectord::daemon
