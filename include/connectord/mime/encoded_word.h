#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectord/mail/header_field.h"

// Text in header fields (RFC 2047). Thread-safe.
namespace connectord::mime {

// A raw value as people see it: unfolded, with its encoded words in UTF-8. What is no encoded word stays as it is;
// bytes that are no UTF-8 are read as mail programs guess. Reads up to mail::max_read_value_length bytes. Where a
// character is divided between two words, which is forbidden and common, it is put together.
std::string decode_header_text(std::string_view raw);

// That of the first field with this name; empty where there is none.
std::string first_header_text(const std::vector<mail::HeaderField>& header, std::string_view name);

// Text in UTF-8 as encoded words, of at most 75 characters each, with a space between them (RFC 2047, 2).
std::string encode_words(std::string_view utf8);

}  // namespace connectord::mime
