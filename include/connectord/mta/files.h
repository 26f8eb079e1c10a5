#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/base/file_descriptor.h"

// Files that must be whole at any moment, also when the machine stops or the disk is full.
namespace connectord::mta {

tl::expected<std::string, std::string> read_file(const std::filesystem::path& file);

// What keeps this user from putting a new file in the place of this one; empty if nothing does.
std::string obstacle_to_replacing(const std::filesystem::path& file);

// Puts a whole file in the place of one that may be there, as base::replace_file() does, with owner, group and mode of
// `like`.
tl::expected<void, std::string> replace_file(const std::filesystem::path& file, const std::string& content,
                                             const std::filesystem::path& like);

// A folder of one's own below the system's for temporary files; it goes with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  // Empty if it could not be made.
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Keeps a second connectorctl away from the folder for as long as it lives. std::nullopt if one is at it.
std::optional<base::FileDescriptor> lock_folder(const std::filesystem::path& folder);

}  // namespace connectord::mta
