#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/mime/not_edited.h"
#include "connectord/mime/recipe.h"
#include "connectord/mime/structure.h"

namespace connectord::mime {

// Text to be inserted into a leaf, in the leaf's charset, with CRLF at its line ends.
struct Insertion {
  std::uint64_t at = 0;  // in the decoded bytes
  std::string content;
};

// The splice that inserts it in the leaf's own transfer encoding, which is sound. Of base64 the four characters around
// the place may be written anew, and empty lines may be added, so that all other characters stay as they are.
// std::nullopt if the bytes cannot be read, or there is no such place.
std::optional<Splice> splice_into_leaf(const Part& part, const Bytes& body, const Insertion& insertion);

// A body of nothing may have its delimiter right behind the header's empty line: then a line end must come before that.
bool runs_into_delimiter(const Part& part, const Bytes& body);

// Makes a 7bit leaf quoted-printable by insertions alone: "3D" behind each "=", soft line breaks behind blanks at a
// line's end and within long lines, but never before a hyphen, which might begin a delimiter; and inserts the text.
// Line ends must be CRLF. Fails where that takes more than 100,000 splices, and where a line of hyphens has no end.
tl::expected<std::vector<Splice>, NotEdited> quote_leaf(const Part& part, const Bytes& body,
                                                        const Insertion& insertion);

}  // namespace connectord::mime
