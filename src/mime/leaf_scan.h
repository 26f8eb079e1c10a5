#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectord/mime/charset.h"
#include "connectord/mime/structure.h"

namespace connectord::mime {

// What is sought in a text.
struct Sought {
  std::vector<std::string> words;  // in UTF-8; found in whatever lines and however quoted
  std::string marker;              // found as it is
};

// What must be known of a text before something is put into it. Offsets are in the decoded bytes.
struct LeafFacts {
  std::string charset;
  CharsetKind charset_kind = CharsetKind::unknown;
  bool is_html = false;
  std::uint64_t size = 0;
  std::uint64_t front = 0;            // where something can be put so that it is seen first
  std::optional<std::uint64_t> back;  // and last
  bool ends_line = false;
  bool is_ascii = true;
  bool has_bare_line_end = false;
  bool is_encoding_malformed = false;
  bool is_charset_malformed = false;
  bool is_pgp = false;
  bool has_sought = false;
};

// std::nullopt if the bytes cannot be read.
std::optional<LeafFacts> scan_leaf(const Part& part, const Bytes& body, const Sought& sought);

// Without what a reply or a mail program changes: white space, line breaks, the quoting of ">".
std::string compact(std::string_view text);

}  // namespace connectord::mime
