#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/mail/header_field.h"
#include "connectord/mime/bytes.h"
#include "connectord/mime/content_value.h"
#include "connectord/mime/doubt.h"
#include "connectord/mime/transfer_encoding.h"

namespace connectord::mime {

// A Content field of a part.
struct Field {
  std::string name;
  std::string value;  // raw: all behind the colon but the last line end
  Range line;         // with its line end; empty for fields of the message's own header, which is not in the body
  Range value_place;  // of `value`

  bool operator==(const Field&) const = default;
};

constexpr bool is_multipart_type(std::string_view type) {
  return type.starts_with("multipart/");
}
constexpr bool is_message_type(std::string_view type) {
  return type == "message/rfc822" || type == "message/global" || type == "message/news";
}

// A part of a message: the message itself, a part of a multipart, or the message in a message/rfc822. All ranges are in
// the message's body.
struct Part {
  std::optional<std::size_t> parent;  // none: this is the message
  std::vector<std::size_t> children;
  std::size_t depth = 0;
  Range header;  // with the empty line behind it; empty for the message
  Range body;    // without the line end that belongs to the delimiter behind it (RFC 2046, 5.1.1)
  std::vector<Field> fields;
  // All that readers may take them for, the first field's first; each has one at least.
  std::vector<ContentValue> types;
  std::vector<TransferEncoding> encodings;
  std::vector<ContentValue> dispositions;  // RFC 2183; none where there is no such field
  Doubts doubts;

  std::string_view media_type() const { return types.front().value; }
  TransferEncoding encoding() const { return encodings.front(); }
  // Where any reader takes it for one.
  bool is_multipart() const;
  bool is_message() const;
  const Field* find(std::string_view name) const;
};

struct Limits {
  std::size_t depth = 20;
  std::size_t parts = 1000;
  std::size_t header = 65'536;          // bytes of one part's header
  std::size_t all_headers = 1'048'576;  // bytes of fields that are kept
};

struct Structure {
  std::vector<Part> parts;      // in the order of their beginnings; the message itself is the first
  std::uint64_t size = 0;       // of the body
  bool limit_exceeded = false;  // there is more than is here

  bool is_doubtful() const;
  // All doubts of all parts.
  Doubts doubts() const;
};

// Which of two readers.
enum class Reading : std::uint8_t {
  strict,   // takes what the RFCs have for structure
  lenient,  // also takes lines that only begin as a delimiter does, a lone CR as a line end, and parts behind the end
};

// All readings of a message: the strict one, and the lenient one where it finds other parts; then both say so in the
// first part's doubts. Empty where the bytes cannot be read.
std::vector<Structure> read_structure(const std::vector<mail::HeaderField>& header, const Bytes& body,
                                      const Limits& limits = {});

}  // namespace connectord::mime
