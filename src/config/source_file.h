#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace connectord::config {

// What kind of file is wanted, for limits and error messages.
struct SourceKind {
  std::size_t largest = 0;  // in bytes
  std::string_view words;
  // What to do about one that is larger, and about a directory.
  std::string_view too_large;
  std::string_view directory;
  bool may_be_link = true;
};

inline constexpr SourceKind toml_file{
    .largest = std::size_t{64} << 20,
    .words = "TOML",
    .too_large = "divide its connectors among several files and name those in server.include",
    .directory = "write a file, or dir/*.toml",
};

// One file of a configuration, in memory.
struct SourceFile {
  std::string text;
  std::uint64_t device = 0;  // with inode: the same for all names of one file
  std::uint64_t inode = 0;
  uid_t owner = 0;
  gid_t group = 0;
  mode_t mode = 0;  // without the file's type

  // On failure says why in words. Only regular files are read, so that a pipe or a device can't hold up a reload.
  static tl::expected<SourceFile, std::string> read(const std::string& path, const SourceKind& kind = toml_file);
};

// "" for a text; otherwise why it can't be one.
std::string why_not_text(std::string_view content, const SourceKind& kind = toml_file);

}  // namespace connectord::config
