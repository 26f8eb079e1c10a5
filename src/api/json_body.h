#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace connectord::api {

using Json = nlohmann::ordered_json;

// Reads an object (RFC 8259) in one way or not at all: a name that is there twice, a depth of more than 16, bytes that
// are no UTF-8, and anything but an object are errors, and the text says which. The parser's stack and memory stay
// bounded by the size of the text.
tl::expected<Json, std::string> parse_body(std::string_view text);

// For answers: what is no UTF-8 is replaced.
std::string to_text(const Json& json);

}  // namespace connectord::api
