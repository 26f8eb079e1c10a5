#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tl/expected.hpp>

// Reading files with a bound, and writing them so that they are whole at any moment, also when the machine stops or the
// disk is full. Thread-safe.
namespace connectord::base {

// To the last byte; false with errno if that fails.
bool write_all(int fd, std::string_view content);

// More than anything has that is read as a whole.
inline constexpr std::size_t largest_file = std::size_t{256} << 20;

// From where the descriptor stands to the end, which for some files (/proc) is not where their size says.
// std::errc::file_too_large where there is more than `most`.
tl::expected<std::string, std::error_code> read_all(int fd, std::size_t most = largest_file);
tl::expected<std::string, std::error_code> read_file(const std::string& path, std::size_t most = largest_file);

// The folder that a file is in, with the slash behind it.
std::string folder_of(const std::string& path);

// Of a file that is made.
struct FileRights {
  mode_t mode = 0640;
  std::optional<uid_t> owner{};  // left as it comes where empty
  std::optional<gid_t> group{};
};

// Puts a file in another's place so that whoever reads sees the old one or the new one whole, also after a crash:
// written beside under a hidden name, flushed to the disk, renamed, the folder flushed.
class FileReplacement {
 public:
  // Writes `text` beside `path`. On failure says why, and nothing is left.
  static tl::expected<FileReplacement, std::string> prepare(const std::string& path, std::string_view text,
                                                            const FileRights& rights);
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

// Both steps at once. On failure the old file is as it was.
tl::expected<void, std::string> replace_file(const std::string& path, std::string_view text, const FileRights& rights);

// Makes a file, flushed to the disk, with exactly these rights whatever the umask is. std::errc::file_exists, and it is
// kept, where anything stands there, a symbolic link too. On failure nothing is left.
tl::expected<void, std::error_code> create_file(const std::string& path, std::string_view text,
                                                const FileRights& rights);

// Removes a file for good.
tl::expected<void, std::string> remove_file(const std::string& path);

}  // namespace connectord::base
