#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "milter_client.h"

namespace connectord::bench {

// A message from ann@`domain` with so many header fields, as a few relays leave them, and a body of that size.
MailMessage made_message(std::string_view domain, std::size_t headers, std::size_t body_size);

// Header fields and body of a file in the format of RFC 5322, with CRLF or LF at the ends of lines. Folded values stay
// folded. The envelope is left empty. On failure says what is wrong.
tl::expected<MailMessage, std::string> read_message(const std::string& file);

}  // namespace connectord::bench
