#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/mail/header_field.h"
#include "connectord/mime/not_edited.h"
#include "connectord/mime/recipe.h"
#include "connectord/mime/structure.h"

// Edits that put something in the place of a part, or around the message. Thread-safe.
namespace connectord::mime {

struct Replacement {
  std::size_t part = 0;
  std::string text;  // UTF-8: stands in its place
};

// Puts a text/plain part in the place of each of these parts, so that there are as many parts as before, in the same
// order. What is signed or encrypted as a whole, and the message itself, is not replaced. All or nothing. A part within
// another one that is replaced goes with it.
tl::expected<Edit, NotEdited> replace_parts(const Structure& structure, const Bytes& body,
                                            const std::vector<Replacement>& replacements);

enum class WrapForm : std::uint8_t {
  message,  // the message as an attachment, message/rfc822, with its whole header
  part,     // the message's body as a part of its own, so that a signature in it stays valid
};

struct Wrapping {
  WrapForm form = WrapForm::message;
  std::string text;      // UTF-8: stands in front of it
  std::string boundary;  // made by chance; letters, digits and hyphens, at most 60
};

// Makes a multipart/mixed of a text and the message as it is. Its own Content fields go into the wrapped part, the
// others stay. `header` is the message's own, in the form that milters have; doubtful messages are wrapped as well.
// Fails with `would_end_part` where the body has such a boundary: take another one.
tl::expected<Edit, NotEdited> wrap(const std::vector<mail::HeaderField>& header, const Bytes& body,
                                   const Wrapping& wrapping);

}  // namespace connectord::mime
