#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <tl/expected.hpp>

namespace connectord::api {

// The folder that a file is in, with the slash behind it.
std::string folder_of(const std::string& path);

// Puts a file in another's place so that whoever reads sees the old one or the new one whole, also after a crash:
// written beside under a hidden name, synchronized, renamed, the folder synchronized.
class FileReplacement {
 public:
  struct Rights {
    mode_t mode = 0640;
    std::optional<uid_t> owner{};  // left as it comes where empty
    std::optional<gid_t> group{};
  };

  // Writes `text` beside `path`. On failure says why, and nothing is left.
  static tl::expected<FileReplacement, std::string> prepare(const std::string& path, std::string_view text,
                                                            const Rights& rights);
  // Removes what was prepared and not published.
  ~FileReplacement();
  FileReplacement(FileReplacement&& other) noexcept;
  FileReplacement& operator=(FileReplacement&&) = delete;
  FileReplacement(const FileReplacement&) = delete;
  FileReplacement& operator=(const FileReplacement&) = delete;

  // Once.
  tl::expected<void, std::string> publish();

 private:
  FileReplacement(std::string path, std::string temporary) : path_(std::move(path)), temporary_(std::move(temporary)) {}

  std::string path_;
  std::string temporary_;  // empty once there is none
};

// The folder of a file that the daemon keeps, before it gives up root's rights: makes the folder where it is missing
// (one level), and gives it to that user where it was made, or is root's and empty as systemd makes it. What fails
// here, opening the file tells.
void give_folder_of(const std::string& file, uid_t owner, gid_t group);

// Removes a file for good.
tl::expected<void, std::string> remove_file(const std::string& path);

}  // namespace connectord::api
