#include "trace_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace connectord::daemon {
namespace {

bool is_roots_and_empty(const std::filesystem::path& folder) {
  struct stat status {};
  std::error_code error;
  const bool roots = ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == 0;
  return roots && std::filesystem::is_empty(folder, error) && !error;
}

}  // namespace

// What fails here, opening the file tells.
void give_folder_of(const std::string& file, const User& user) {
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  const bool made = ::mkdir(folder.c_str(), 0750) == 0;
  if (made || is_roots_and_empty(folder)) {
    [[maybe_unused]] const int given = ::chown(folder.c_str(), user.uid, user.gid);
  }
}

}  // namespace connectord::daemon
