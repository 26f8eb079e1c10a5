#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/mime/structure.h"

// What conditions of rules look at. Thread-safe.
namespace connectord::mime {

// What a part is for.
enum class Purpose : std::uint8_t {
  container,  // a multipart or a message
  body,       // text to be read
  related,    // belongs to the text around it, such as its pictures: named by Content-ID within a multipart/related
  attachment,
};

Purpose purpose_of(const Structure& structure, std::size_t part);

// All names that a reader may see: `filename` and `name`, from all fields, in all spellings (`parameter_readings`).
std::vector<std::string> names_of(const Part& part);

// The charsets that the part's fields name, in their own spelling.
std::vector<std::string> charsets_of(const Part& part);

// One way to read the text of a part.
struct TextReading {
  std::string text;           // UTF-8
  bool is_cut = false;        // there is more than was asked for
  bool is_malformed = false;  // transfer encoding or charset are not what the part says
};

// The text of a leaf, in all readings that differ, by its transfer encodings and charsets: as it stands, and what
// people see of HTML. Where the charset is not known or the bytes are not of it, they are also read as UTF-8, or
// windows-1252. `limit`: bytes that are decoded for each. Empty where the bytes cannot be read.
std::vector<TextReading> read_text(const Part& part, const Bytes& body, std::size_t limit);

// The bytes of a leaf by one transfer encoding, in pieces, for what looks at bytes; as long as `take` returns true.
// False if they cannot be read.
template <typename Take>
bool decode_part(const Part& part, TransferEncoding encoding, const Bytes& body, Take take) {
  TransferDecoder decoder(encoding);
  std::string decoded;
  bool goes_on = true;
  const bool is_read = visit(body, part.body, [&](std::string_view piece) {
    decoded.clear();
    decoder.update(piece, decoded);
    return goes_on = take(std::string_view(decoded));
  });
  if (!is_read || !goes_on) return is_read;
  decoded.clear();
  decoder.finish(decoded);
  take(std::string_view(decoded));
  return true;
}

}  // namespace connectord::mime
