#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace connectord::base {

// JSON (RFC 8259) from text and to text. The library's parser and writer are templates, which cost each source that
// uses them two seconds of compiling; these are compiled once.

// A discarded value (is_discarded(), which is no object, no array and nothing else) where the text is no JSON.
nlohmann::ordered_json parse_json(std::string_view text);

// The same, with sorted keys: so many keys of a stranger cost no more than their number.
nlohmann::json parse_sorted_json(std::string_view text);

// On one line, or with `indent` spaces a level. What is not UTF-8 becomes U+FFFD; nothing is thrown.
std::string json_text(const nlohmann::ordered_json& value, int indent = -1);
std::string json_text(const nlohmann::json& value, int indent = -1);

// In ASCII alone.
std::string ascii_json_text(const nlohmann::json& value);

}  // namespace connectord::base
