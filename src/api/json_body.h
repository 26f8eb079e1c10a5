#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace connectord::api {

using Json = nlohmann::ordered_json;

// Reads an object, strictly (config/strict_json.h); the error says what is wrong with "the body".
tl::expected<Json, std::string> parse_body(std::string_view text);

// For answers: what is no UTF-8 is replaced.
std::string to_text(const Json& json);

}  // namespace connectord::api
