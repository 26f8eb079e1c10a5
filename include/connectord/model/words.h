#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

// The words for the values of enumerations: one table for each, beside its declaration, which serves whoever writes a
// word, reads one or counts by value. All of it is thread-safe.
namespace connectord::model {

// One value and its word.
template <class Enumeration>
struct Named {
  Enumeration value{};
  std::string_view word{};
};

// The table of an enumeration. Its declaration is followed by
//   consteval auto words_of(Stage) { return std::to_array<model::Named<Stage>>({{Stage::envelope, "envelope"}, …}); }
template <class Enumeration>
inline constexpr auto words = words_of(Enumeration{});

// Stands for what this version has no value for: a word of a newer version's, a number out of range.
template <class Enumeration>
inline constexpr auto unrecognized = static_cast<Enumeration>(0xff);

// "unknown (9)", or "unknown" for the number of `unrecognized`. Lives as long as the process.
std::string_view unknown_word(std::uint8_t number);

template <class Enumeration>
std::string_view word_of(Enumeration value) {
  static_assert(std::is_same_v<std::underlying_type_t<Enumeration>, std::uint8_t>);
  for (const auto& [known, word] : words<Enumeration>) {
    if (known == value) return word;
  }
  return unknown_word(static_cast<std::uint8_t>(value));
}

// std::nullopt for a word that is none of the enumeration's.
template <class Enumeration>
constexpr std::optional<Enumeration> value_of(std::string_view word) {
  for (const auto& [value, known] : words<Enumeration>) {
    if (known == word) return value;
  }
  return std::nullopt;
}

// The value that was stored as a number. One that only a newer version has keeps its number, and so is reported by it.
template <class Enumeration>
constexpr Enumeration stored_value(std::int64_t number) {
  static_assert(std::is_same_v<std::underlying_type_t<Enumeration>, std::uint8_t>);
  return number >= 0 && number < 0xff ? static_cast<Enumeration>(number) : unrecognized<Enumeration>;
}

// Whether the values are 0, 1, 2 and so on in the order of their table, so that an array of its size counts them.
template <class Enumeration>
constexpr bool counts_from_zero() {
  for (std::size_t i = 0; i < words<Enumeration>.size(); ++i) {
    if (static_cast<std::size_t>(words<Enumeration>[i].value) != i) return false;
  }
  return true;
}

}  // namespace connectord::model
