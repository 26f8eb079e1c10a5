#include "connectord/net/handover.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>

#include "connectord/base/acting_as.h"
#include "connectord/base/file_descriptor.h"
#include "connectord/base/files.h"
#include "connectord/net/path_trust.h"
#include "read_only.h"

namespace connectord::net {
namespace {

using Expected = tl::expected<void, std::string>;

tl::unexpected<std::string> failed(const std::string& path, const std::string& what) {
  const int error = errno;
  return tl::unexpected(path + ": cannot " + what + ": " + std::strerror(error) +
                        way_out(error, base::folder_of(path)));
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

std::string parent_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

base::FileDescriptor open_folder(const std::string& path, int flags = 0) {
  return base::FileDescriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags));
}

Expected make_kept_folder(const KeptFolder& folder, const base::Account& account) {
  return with_rights_for(parent_of(folder.path), account, [&](bool as_root) -> Expected {
    if (::mkdir(folder.path.c_str(), as_root ? 0700 : folder.mode) != 0) return failed(folder.path, "make the folder");
    if (!as_root) return {};
    const base::FileDescriptor made = open_folder(folder.path, O_NOFOLLOW);
    if (made.get() < 0 || ::fchown(made.get(), account.uid, account.gid) != 0 ||
        ::fchmod(made.get(), folder.mode) != 0) {
      return failed(folder.path, "give the folder to " + account.name);
    }
    return {};
  });
}

bool is_one_of(std::string_view entry, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return entry == name || (entry.starts_with(name) && (entry[name.size()] == '-' || entry[name.size()] == '.'));
  });
}

std::vector<std::string> entries_of(int folder) {
  std::vector<std::string> entries;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::fdopendir(::dup(folder)), &::closedir);
  while (const dirent* entry = open ? ::readdir(open.get()) : nullptr) {  // NOLINT(concurrency-mt-unsafe)
    const std::string name = entry->d_name;
    if (name != "." && name != "..") entries.push_back(name);
  }
  return entries;
}

// systemd's StateDirectory=, which it makes for one service alone (systemd.exec(5)).
bool is_made_by_systemd(const std::string& path) {
  const char* made = std::getenv("STATE_DIRECTORY");  // NOLINT(concurrency-mt-unsafe)
  std::error_code error;
  for (std::string_view left = made == nullptr ? "" : made; !left.empty();) {
    const auto end = left.find(':');
    if (std::filesystem::equivalent(path, std::string(left.substr(0, end)), error)) return true;
    left = end == std::string_view::npos ? std::string_view() : left.substr(end + 1);
  }
  return false;
}

// Files are not opened: to close a database's drops the locks on it (fcntl(2)).
bool give_file(int folder, const std::string& name, const base::Account& account) {
  struct stat status {};
  const bool is_ours_to_give = ::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                               S_ISREG(status.st_mode) && status.st_uid == 0 && status.st_nlink == 1;
  return !is_ours_to_give || ::fchownat(folder, name.c_str(), account.uid, account.gid, AT_SYMLINK_NOFOLLOW) == 0;
}

// What is not given here is reported by the look afterwards.
Expected give_folder(const KeptFolder& folder, const base::Account& account) {
  if (account.uid == 0 || !only_root_can_change(folder.path)) return {};
  const base::FileDescriptor open = open_folder(folder.path);
  struct stat status {};
  if (open.get() < 0 || ::fstat(open.get(), &status) != 0) return failed(folder.path, "open the folder");
  if ((status.st_mode & S_ISVTX) != 0) return {};  // everybody's
  const auto entries = entries_of(open.get());
  const bool is_ours = std::all_of(entries.begin(), entries.end(),
                                   [&](const std::string& entry) { return is_one_of(entry, folder.names); });
  if (!is_ours && !is_made_by_systemd(folder.path)) return {};
  for (const std::string& entry : entries) {
    if (is_one_of(entry, folder.names) && !give_file(open.get(), entry, account))
      return failed(folder.path + "/" + entry, "give the file to " + account.name);
  }
  if (::fchown(open.get(), account.uid, account.gid) != 0)
    return failed(folder.path, "give the folder to " + account.name);
  return {};
}

std::string remedy(const std::string& path, const base::Account& account, const std::string& key) {
  const std::string way = way_out(errno, path);
  return (way.empty() ? "; run: chown " + account.name + " " + path : way) + ", or name another place in " + key;
}

Expected look(const KeptFolder& folder, const base::Account& account) {
  const base::ActingAs acting(account);
  const auto may = [](const std::string& path, int what) {
    return ::faccessat(AT_FDCWD, path.c_str(), what, AT_EACCESS) == 0;
  };
  if (!acting.is_in_force()) return failed(folder.path, "act as " + account.name);
  if (!may(folder.path, W_OK | X_OK)) {
    return tl::unexpected(folder.path + ": " + account.name + " may not write to this folder, which " + folder.key +
                          " needs: " + std::strerror(errno) + remedy(folder.path, account, folder.key));
  }
  for (const std::string& name : folder.files) {
    const std::string file = folder.path + "/" + name;
    if (may(file, R_OK | W_OK) || errno != EACCES) continue;
    return tl::unexpected(file + ": " + account.name + " may not write to it, which " + folder.key + " needs" +
                          remedy(file, account, folder.key));
  }
  return {};
}

}  // namespace

Expected with_rights_for(const std::string& folder, const base::Account& account,
                         const std::function<Expected(bool as_root)>& make) {
  if (!base::has_roots_rights()) return make(false);
  if (only_root_can_change(folder)) return make(true);
  const base::ActingAs acting(account);
  if (!acting.is_in_force()) return failed(folder, "act as " + account.name);
  return make(false);
}

Expected hand_over(const KeptFolder& folder, const base::Account& account) {
  const std::string above = parent_of(folder.path);
  if (!above.empty() && !exists(above)) {
    // For more than this account: only root may change what is in it.
    auto made = with_rights_for(parent_of(above), account, [&above](bool) -> Expected {
      if (::mkdir(above.c_str(), 0755) != 0) return failed(above, "make the folder");
      return {};
    });
    if (!made) return made;
  }
  const bool is_there = exists(folder.path);
  auto given = is_there ? base::has_roots_rights() ? give_folder(folder, account) : Expected()
                        : make_kept_folder(folder, account);
  return given ? look(folder, account) : given;
}

}  // namespace connectord::net
