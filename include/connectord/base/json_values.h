#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "connectord/base/time.h"

namespace connectord::base {

// Values as our JSON has them: what is not known, or not there, is null.

inline nlohmann::ordered_json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}

// Seconds since 1970 as utc_text() has them; 0 is no time.
inline nlohmann::ordered_json time_or_null(std::int64_t seconds) {
  return seconds == 0 ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(utc_text(seconds));
}

// What an object has at a key, of JSON that a file or another program has: nothing, or another type, counts as empty.
template <class Json>
std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->template get<std::string>() : std::string();
}
template <class Json>
std::int64_t integer_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->template get<std::int64_t>() : 0;
}

}  // namespace connectord::base
