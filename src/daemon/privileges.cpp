#include "privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace connectord::daemon {

tl::expected<User, std::string> find_user(const std::string& name) {
  // Called before any thread is started.
  const passwd* entry = ::getpwnam(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (entry == nullptr) {
    return tl::unexpected("server.user: there is no user \"" + name + "\"; make it with: adduser --system --group " +
                          "--no-create-home " + name);
  }
  return User{name, entry->pw_uid, entry->pw_gid};
}

std::optional<gid_t> find_group(const std::string& name) {
  const group* entry = ::getgrnam(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (entry == nullptr) return std::nullopt;
  return entry->gr_gid;
}

tl::expected<void, std::string> become(const User& user) {
  const bool became =
      ::initgroups(user.name.c_str(), user.gid) == 0 && ::setgid(user.gid) == 0 && ::setuid(user.uid) == 0;
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
