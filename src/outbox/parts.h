#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/outbox/compose.h"

// What messages of ours are put together from.
namespace connectord::outbox {

// The original as it came: header, empty line, body. On failure says that its bytes cannot be read.
tl::expected<std::string, std::string> text_of(const Original& original);

// Text for a field that is no address (RFC 5322, 2.2.1), on one line or folded, in encoded words where it is not ASCII.
std::string unstructured(std::string_view text);

// Lines of any kind as a part of this type in UTF-8: fields, empty line, body with a line end.
std::string text_part(std::string_view type, std::string_view text);
// The original as a part, as an attachment.
std::string message_part(std::string_view original);

// A multipart of these; the boundary cannot be predicted by who wrote what is in them.
struct Multipart {
  std::string_view type;  // "multipart/mixed"
  std::vector<std::string> parts;
  std::string boundary;
};
// Content-Type field, empty line and body.
std::string to_string(const Multipart& multipart);

struct Letterhead {
  std::string subject;  // UTF-8
  std::vector<std::string> to;
  std::string extra_fields;  // whole lines
  std::string identity;      // what the Message-ID is made of
  std::int64_t unix_time = 0;
};
// The whole message with its envelope. `content` is a Content-Type field, and what follows.
Mail finished(const Letterhead& letterhead, const std::string& content, const Author& author, const Key& key);

}  // namespace connectord::outbox
