#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace connectord::config {

// Reads JSON (RFC 8259) from outside in one way or not at all: a name that an object has twice, a depth of more than 16
// and bytes that are no UTF-8 are errors. The parser's stack and memory stay bounded by the size of the text. On
// failure says what is wrong, as in "is no JSON (RFC 8259): it goes wrong near byte 7". Thread-safe.
tl::expected<nlohmann::ordered_json, std::string> parse_strict_json(std::string_view text);

}  // namespace connectord::config
