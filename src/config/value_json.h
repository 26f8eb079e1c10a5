#pragma once

#include <concepts>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "connectord/model/words.h"

// Values of the model as JSON, in the words that a file has for them.
namespace connectord::config {

inline nlohmann::ordered_json json_of(const std::string& text) {
  return text;
}

template <class Number>
requires std::is_arithmetic_v<Number> nlohmann::ordered_json json_of(Number number) {
  return number;
}

template <class Enumeration>
requires requires {
  words_of(Enumeration{});
}
nlohmann::ordered_json json_of(Enumeration value) {
  return model::word_of(value);
}

template <class Value>
requires requires(const Value& value) {
  { value.to_string() } -> std::convertible_to<std::string>;
}
nlohmann::ordered_json json_of(const Value& value) {
  return value.to_string();
}

template <class Value>
requires requires(const Value& value) {
  json_of(value);
}
nlohmann::ordered_json json_of(const std::vector<Value>& values) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Value& value : values) list.push_back(json_of(value));
  return list;
}

// A format whose words are not those of its value writes them itself.
template <class Format, class Value>
concept WrittenByFormat = requires(const Value& value) {
  Format::write(value);
};

template <class Format, class Value>
concept Written = WrittenByFormat<Format, Value> || requires(const Value& value) {
  json_of(value);
};

template <class Format, class Value>
nlohmann::ordered_json written(const Value& value) {
  if constexpr (WrittenByFormat<Format, Value>) {
    return Format::write(value);
  } else {
    return json_of(value);
  }
}

}  // namespace connectord::config
