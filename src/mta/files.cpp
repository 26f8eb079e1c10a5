#include "connectord/mta/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

namespace connectord::mta {
namespace {

tl::unexpected<std::string> failed(const std::filesystem::path& file, std::string_view what) {
  return tl::unexpected(file.string() + ": " + std::string(what) + ": " + std::strerror(errno));
}

tl::expected<void, std::string> write_new(const std::filesystem::path& file, const std::string& content,
                                          const struct stat& like) {
  constexpr mode_t permissions = 07777;
  const net::FileDescriptor fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.get() < 0) return failed(file, "cannot make it");
  if (!write_all(fd.get(), content)) return failed(file, "cannot write it");
  // Only root may give a file away; for anybody else it is their own already.
  if (::geteuid() == 0 && ::fchown(fd.get(), like.st_uid, like.st_gid) != 0) return failed(file, "cannot give it away");
  if (::fchmod(fd.get(), like.st_mode & permissions) != 0) return failed(file, "cannot set its mode");
  if (::fsync(fd.get()) != 0) return failed(file, "cannot write it to the disk");
  return {};
}

void flush_folder(const std::filesystem::path& folder) {
  const net::FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0) ::fsync(fd.get());
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

std::string obstacle_to_replacing(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_symlink(file, error)) {
    return file.string() +
           " is a symbolic link, which a changed file would replace; attach where it points to, or make it a file";
  }
  const std::filesystem::path folder = file.parent_path();
  if (::access(folder.c_str(), W_OK) != 0) return folder.string() + " cannot be written to; run this as root";
  return {};
}

tl::expected<std::string, std::string> read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return failed(file, "cannot read it");
  std::string content{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return failed(file, "cannot read it");
  return content;
}

tl::expected<void, std::string> replace_file(const std::filesystem::path& file, const std::string& content,
                                             const std::filesystem::path& like) {
  struct stat status {};
  if (::stat(like.c_str(), &status) != 0) return failed(like, "cannot look at it");
  std::filesystem::path beside = file;
  beside += ".connectord-new";
  ::unlink(beside.c_str());  // what a run left that was cut off
  if (auto written = write_new(beside, content, status); !written) {
    ::unlink(beside.c_str());
    return written;
  }
  if (::rename(beside.c_str(), file.c_str()) != 0) {
    auto failure = failed(file, "cannot put the new one in its place");
    ::unlink(beside.c_str());
    return failure;
  }
  flush_folder(file.parent_path());
  return {};
}

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  std::string name = (std::filesystem::temp_directory_path(error) / "connectorctl-XXXXXX").string();
  if (!error && ::mkdtemp(name.data()) != nullptr) path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::optional<net::FileDescriptor> lock_folder(const std::filesystem::path& folder) {
  net::FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  return fd;
}

}  // namespace connectord::mta
