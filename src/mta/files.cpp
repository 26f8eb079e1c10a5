#include "connectord/mta/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

#include "connectord/base/files.h"

namespace connectord::mta {
namespace {

tl::unexpected<std::string> failed(const std::filesystem::path& file, std::string_view what) {
  return tl::unexpected(file.string() + ": " + std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

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
  return base::read_file(file.string()).map_error([&file](const std::error_code& error) {
    return file.string() + ": cannot read it: " + std::generic_category().message(error.value());
  });
}

tl::expected<void, std::string> replace_file(const std::filesystem::path& file, const std::string& content,
                                             const std::filesystem::path& like) {
  struct stat status {};
  if (::stat(like.c_str(), &status) != 0) return failed(like, "cannot look at it");
  constexpr mode_t permissions = 07777;
  base::FileRights rights{.mode = status.st_mode & permissions};
  // Only root may give a file away; for anybody else it is their own already.
  if (::geteuid() == 0) {
    rights.owner = status.st_uid;
    rights.group = status.st_gid;
  }
  return base::replace_file(file.string(), content, rights);
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

std::optional<base::FileDescriptor> lock_folder(const std::filesystem::path& folder) {
  base::FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  return fd;
}

}  // namespace connectord::mta
