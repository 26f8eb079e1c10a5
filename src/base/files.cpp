#include "connectord/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "connectord/base/file_descriptor.h"
#include "connectord/base/symbolic_link.h"

namespace connectord::base {
namespace {

constexpr mode_t only_ours = 0600;  // until the file has its rights

std::error_code last_error() {
  return {errno, std::generic_category()};
}

tl::unexpected<std::string> failed(const std::string& path, std::string_view what) {
  return tl::unexpected(path + ": cannot " + std::string(what) + ": " + std::strerror(errno));
}

// Another one for each replacement, since several threads may write one file at the same moment.
std::string hidden_beside(const std::string& path) {
  static std::atomic<unsigned> count = 0;
  const auto slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return folder_of(path) + "." + name + "." + std::to_string(::getpid()) + "-" + std::to_string(count++) + ".new";
}

FileDescriptor open_new(const std::string& path) {
  return FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, only_ours));
}

tl::expected<void, std::string> flush_folder(const std::string& path) {
  const FileDescriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return failed(folder_of(path), "synchronize the folder");
  return {};
}

// Only what is not as it was made: connectord's unit forbids it to change owners at all (chown(2)).
bool set_owner(int fd, const FileRights& rights) {
  struct stat made {};
  if (::fstat(fd, &made) != 0) return false;
  const uid_t owner = rights.owner.value_or(made.st_uid);
  const gid_t group = rights.group.value_or(made.st_gid);
  return (owner == made.st_uid && group == made.st_gid) || ::fchown(fd, owner, group) == 0;
}

bool set_rights(int fd, const FileRights& rights) {
  return set_owner(fd, rights) && ::fchmod(fd, rights.mode) == 0;
}

}  // namespace

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

tl::expected<std::string, std::error_code> read_all(int fd, std::size_t most) {
  constexpr std::size_t step = 4096;
  struct stat status {};
  const bool sized = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
  const std::size_t expected = sized ? static_cast<std::size_t>(status.st_size) : 0;
  if (expected > most) return tl::unexpected(make_error_code(std::errc::file_too_large));
  std::string text;
  std::size_t used = 0;
  for (;;) {
    text.resize(std::max({used + step, expected + 1, used + used / 2}));
    const ssize_t count = ::read(fd, text.data() + used, text.size() - used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return tl::unexpected(last_error());
    used += static_cast<std::size_t>(count);
    if (used > most) return tl::unexpected(make_error_code(std::errc::file_too_large));
    if (count == 0) break;
  }
  text.resize(used);
  return text;
}

tl::expected<std::string, std::error_code> read_file(const std::string& path, std::size_t most) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (fd.get() < 0) return tl::unexpected(last_error());
  return read_all(fd.get(), most);
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

tl::expected<FileReplacement, std::string> FileReplacement::prepare(const std::string& path, std::string_view text,
                                                                    const FileRights& rights) {
  const std::string temporary = hidden_beside(path);
  ::unlink(temporary.c_str());  // of a process with our number that was killed
  const FileDescriptor fd = open_new(temporary);
  if (fd.get() < 0) return failed(path, "write the file");
  FileReplacement replacement(path, temporary);
  if (!set_rights(fd.get(), rights)) return failed(path, "set owner and mode");
  if (!write_all(fd.get(), text) || ::fsync(fd.get()) != 0) return failed(path, "write the file");
  return replacement;
}

FileReplacement::FileReplacement(FileReplacement&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})) {}

FileReplacement::~FileReplacement() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

tl::expected<void, std::string> FileReplacement::publish() {
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) return failed(path_, "put the file in its place");
  temporary_.clear();
  return flush_folder(path_);
}

tl::expected<void, std::string> replace_file(const std::string& path, std::string_view text, const FileRights& rights) {
  return FileReplacement::prepare(path, text, rights).and_then([](FileReplacement&& file) { return file.publish(); });
}

tl::expected<void, std::string> replace_link(const std::string& path, const std::string& target) {
  const std::string beside = hidden_beside(path);
  if (::symlink(target.c_str(), beside.c_str()) != 0) return failed(path, "make the link");
  if (std::rename(beside.c_str(), path.c_str()) != 0) {
    const auto why = failed(path, "put the link in its place");
    ::unlink(beside.c_str());
    return why;
  }
  return flush_folder(path);
}

tl::expected<void, std::error_code> create_file(const std::string& path, std::string_view text,
                                                const FileRights& rights) {
  const FileDescriptor fd = open_new(path);
  if (fd.get() < 0) return tl::unexpected(last_error());
  if (set_rights(fd.get(), rights) && write_all(fd.get(), text) && ::fsync(fd.get()) == 0) return {};
  const std::error_code error = last_error();
  ::unlink(path.c_str());
  return tl::unexpected(error);
}

tl::expected<void, std::string> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return failed(path, "remove the file");
  return flush_folder(path);
}

}  // namespace connectord::base
