#include "privileges.h"

#include <grp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace connectord::daemon {

tl::expected<base::Account, std::string> find_user(const std::string& name) {
  auto account = base::find_account(name);
  if (!account) {
    return tl::unexpected("server.user: there is no user \"" + name + "\"; make it with: adduser --system --group " +
                          "--no-create-home " + name);
  }
  account->groups = base::groups_of(name, account->gid);
  return std::move(*account);
}

tl::expected<void, std::string> become(const base::Account& user) {
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
