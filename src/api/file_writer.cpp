#include "connectord/api/file_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "connectord/net/listener.h"

namespace connectord::api {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
}

namespace {

tl::unexpected<std::string> failed(const std::string& path, std::string_view what) {
  return tl::unexpected(path + ": cannot " + std::string(what) + ": " + std::strerror(errno));
}

std::string hidden_beside(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return folder_of(path) + (slash == std::string::npos ? "/." : ".") + name + "." + std::to_string(::getpid()) + ".new";
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

tl::expected<void, std::string> synchronize_folder(const std::string& path) {
  const net::FileDescriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return failed(folder_of(path), "synchronize the folder");
  return {};
}

// Only what is not as it was made: connectord's unit forbids it to change owners at all (chown(2)).
bool set_owner(int fd, const FileReplacement::Rights& rights) {
  struct stat made {};
  if (::fstat(fd, &made) != 0) return false;
  const uid_t owner = rights.owner.value_or(made.st_uid);
  const gid_t group = rights.group.value_or(made.st_gid);
  return (owner == made.st_uid && group == made.st_gid) || ::fchown(fd, owner, group) == 0;
}

bool set_rights(int fd, const FileReplacement::Rights& rights) {
  return set_owner(fd, rights) && ::fchmod(fd, rights.mode) == 0;
}

}  // namespace

tl::expected<FileReplacement, std::string> FileReplacement::prepare(const std::string& path, std::string_view text,
                                                                    const Rights& rights) {
  const std::string temporary = hidden_beside(path);
  ::unlink(temporary.c_str());  // of a process with our number that was killed
  const net::FileDescriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
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
  return synchronize_folder(path_);
}

tl::expected<void, std::string> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return failed(path, "remove the file");
  return synchronize_folder(path);
}

}  // namespace connectord::api
