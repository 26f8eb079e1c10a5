#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace connectord::inspect {

// A member of a zip (APPNOTE.TXT 6.3.10 of PKWARE).
struct ZipMember {
  // Of the central directory, of the local header and of the Unicode Path extra field (4.6.9): each once, in UTF-8.
  std::vector<std::string> names;
  std::vector<std::uint16_t> methods;  // 4.4.5: one, or two where the headers differ
  bool is_encrypted = false;           // by either header
  bool is_folder = false;
  std::uint64_t data = 0;    // offset of its content; past the end where there is none
  std::uint64_t packed = 0;  // bytes of it, at the most
};

struct ZipDirectory {
  std::vector<ZipMember> members;
  // Names in what looks like a local header within another member's content: a reader that takes other lengths for
  // true would find these.
  std::vector<std::string> hidden_names;
  bool is_encrypted = false;  // the central directory itself (4.3.13), or any member
  bool is_cut = false;        // there are more than `max_members`
  std::string problem;        // what is wrong with it, if it is
};

// Reads both directories of a zip: the central one, and the local headers wherever they stand, since readers of streams
// go by these alone. Takes time in proportion to the bytes.
ZipDirectory read_zip_directory(std::string_view bytes, std::size_t max_members);

// True if a reader that looks for the end of the central directory finds one, whatever the file begins with.
bool ends_as_zip(std::string_view bytes);

}  // namespace connectord::inspect
