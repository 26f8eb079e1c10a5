#include "file_owner.h"

#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace connectord::trace {
namespace {

namespace fs = std::filesystem;

using Found = tl::expected<std::optional<FileOwner>, std::string>;

constexpr int max_links = 40;  // as the kernel follows

// Not the group of a file, which its owner may have got by a trick from a folder that hands its own on.
FileOwner with_group(uid_t user) {
  constexpr gid_t nobodys = 65534;
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16'384> buffer{};
  const bool known = ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  return {user, known ? entry.pw_gid : nobodys};
}

bool is_shared(const struct stat& folder) {
  const bool by_group = (folder.st_mode & S_IWGRP) != 0 && folder.st_gid != 0;
  return by_group || (folder.st_mode & S_IWOTH) != 0;
}

std::string too_open(const std::string& folder) {
  return folder +
         " may be written to by others than root, who could put anything there; let it be root's alone "
         "(chmod go-w), or do this as the user to whom the file belongs";
}

// Goes along a path. What lies below a folder of root's alone, root decides, whomever it belongs to.
class Way {
 public:
  Found follow(const fs::path& path) {
    for (const fs::path& name : path) {
      if (name == "/") {
        at_ = "/";
        shared_ = false;
        continue;
      }
      if (name.empty() || name == ".") continue;
      if (auto found = step(name); !found || *found || has_ended_) return found;
    }
    return std::nullopt;
  }

 private:
  Found step(const fs::path& name) {
    const fs::path next = at_ / name;
    struct stat status {};
    if (::lstat(next.c_str(), &status) != 0) return end_at(next);
    const bool is_folder = S_ISDIR(status.st_mode);
    if (status.st_uid != 0 && (is_folder || shared_)) return with_group(status.st_uid);
    if (shared_ && !sticky_) return tl::unexpected(too_open(at_.string()));
    if (S_ISLNK(status.st_mode)) return follow_link(next);
    at_ = next;
    shared_ = is_folder && is_shared(status);
    sticky_ = (status.st_mode & S_ISVTX) != 0;
    return std::nullopt;
  }

  // In root's own folder nobody can put it there after this, and whoever opens it says that it is missing.
  Found end_at(const fs::path& missing) {
    has_ended_ = true;
    if (shared_) return tl::unexpected(missing.string() + ": " + std::strerror(errno));
    return std::nullopt;
  }

  Found follow_link(const fs::path& link) {
    if (++links_ > max_links) return tl::unexpected(link.string() + " leads through too many symbolic links");
    std::error_code error;
    const fs::path target = fs::read_symlink(link, error);
    if (error) return tl::unexpected(link.string() + ": " + error.message());
    return follow(target);
  }

  fs::path at_ = "/";
  bool shared_ = false;  // `at_`
  bool sticky_ = false;  // whoever shares it may still replace only what is their own
  bool has_ended_ = false;
  int links_ = 0;
};

// These change the calling thread alone, which the C library's functions of that name do not.
int set_groups_of_thread(const std::vector<gid_t>& groups) {
#ifdef SYS_setgroups32
  return static_cast<int>(::syscall(SYS_setgroups32, groups.size(), groups.data()));
#else
  return static_cast<int>(::syscall(SYS_setgroups, groups.size(), groups.data()));
#endif
}

// They report a failure only by what has become of the rights.
bool set_user_of_thread(uid_t user) {
  ::setfsuid(user);
  return static_cast<uid_t>(::setfsuid(static_cast<uid_t>(-1))) == user;
}
bool set_group_of_thread(gid_t group) {
  ::setfsgid(group);
  return static_cast<gid_t>(::setfsgid(static_cast<gid_t>(-1))) == group;
}

}  // namespace

Found owner_of_way_to(const std::string& path) {
  if (::geteuid() != 0) return std::nullopt;
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error) return tl::unexpected(path + ": " + error.message());
  return Way().follow(absolute);
}

ActingAs::ActingAs(const std::optional<FileOwner>& owner) {
  if (!owner || owner->user == 0 || ::geteuid() != 0) return;
  const int count = ::getgroups(0, nullptr);
  own_groups_.resize(static_cast<std::size_t>(std::max(count, 0)));
  if (count < 0 || ::getgroups(count, own_groups_.data()) != count) {
    throw std::system_error(errno, std::generic_category(), "cannot tell this process's groups");
  }
  own_group_ = ::getegid();
  acts_ = true;
  if (set_groups_of_thread({}) == 0 && set_group_of_thread(owner->group) && set_user_of_thread(owner->user)) return;
  restore();
  throw std::system_error(EPERM, std::generic_category(),
                          "cannot take the rights of user " + std::to_string(owner->user));
}

ActingAs::~ActingAs() {
  if (acts_) restore();
}

void ActingAs::restore() const {
  if (!set_user_of_thread(0) || !set_group_of_thread(own_group_) || set_groups_of_thread(own_groups_) != 0)
    std::abort();
}

}  // namespace connectord::trace
