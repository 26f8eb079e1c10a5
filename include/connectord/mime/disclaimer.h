#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "connectord/mime/not_edited.h"
#include "connectord/mime/recipe.h"
#include "connectord/mime/structure.h"

namespace connectord::mime {

enum class Position : std::uint8_t { append, prepend };
enum class Repetition : std::uint8_t { once, always };

struct Disclaimer {
  std::string html;  // UTF-8; made of the text where it is empty
  std::string text;  // UTF-8; made of the HTML where it is empty
  Position position = Position::append;
  // Once: left out of a text that has it already, by the marker or by its words, in whatever lines and however quoted.
  // Who writes a message can put the words there, so what must be seen is inserted always.
  Repetition repetition = Repetition::once;
  // Stands in a comment in HTML. Letters, digits and hyphens.
  std::string marker = "connectord-disclaimer";
};

// Puts a text into what people read of a message, of an alternative into each text/plain and text/html, and changes
// nothing else: in the part's own charset and transfer encoding, in HTML where it is seen, with the line ends of
// format=flowed (RFC 3676). Two things of a part's header may change where it would not hold the text: the charset of
// text that is all ASCII becomes UTF-8, and 7bit becomes quoted-printable, by bytes between those that are there.
// `body` is what `structure` was read from. All or nothing. Thread-safe.
tl::expected<Edit, NotEdited> insert_disclaimer(const Structure& structure, const Bytes& body,
                                                const Disclaimer& disclaimer);

}  // namespace connectord::mime
