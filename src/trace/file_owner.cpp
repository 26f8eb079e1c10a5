#include "file_owner.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "connectord/base/accounts.h"

namespace connectord::trace {
namespace {

namespace fs = std::filesystem;

using Found = tl::expected<std::optional<base::Account>, std::string>;

constexpr int max_links = 40;  // as the kernel follows

// Not the group of a file, which its owner may have got by a trick from a folder that hands its own on.
base::Account with_group(uid_t user) {
  constexpr gid_t nobodys = 65534;
  return base::find_account(user).value_or(base::Account{std::to_string(user), user, nobodys, {}});
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

}  // namespace

Found owner_of_way_to(const std::string& path) {
  if (::geteuid() != 0) return std::nullopt;
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error) return tl::unexpected(path + ": " + error.message());
  return Way().follow(absolute);
}

}  // namespace connectord::trace
