#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace connectord::config {

// One file of a configuration, in memory.
struct SourceFile {
  static constexpr std::size_t largest = std::size_t{64} * 1024 * 1024;

  std::string text;
  std::uint64_t device = 0;  // with inode: the same for all names of one file
  std::uint64_t inode = 0;
  uid_t owner = 0;
  gid_t group = 0;
  mode_t mode = 0;  // without the file's type

  // On failure says why in words. Only regular files are read, so that a pipe or a device can't hold up a reload.
  static tl::expected<SourceFile, std::string> read(const std::string& path);
};

// "" for a text; otherwise why it can't be one.
std::string why_not_text(std::string_view content);

}  // namespace connectord::config
