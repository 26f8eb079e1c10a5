#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "reader.h"
#include "text_formats.h"

// How a value in a file becomes a value of the model. A format is a type with
//   Value                 what is made of the node
//   words()               its name for error messages and for the reference
//   read(reader, node)    the value; std::nullopt after reporting what is wrong to the reader
// or one of text_formats.h, for values that are strings.
namespace connectord::config {

void report_wrong_type(Reader& reader, const toml::node& node, const Words& words);

// The node's string: without control characters, and of at most 4096 bytes; nullptr after reporting what it is instead.
const std::string* line_of_text(Reader& reader, const toml::node& node, Words (*words)());

template <class Format>
concept TextFormat = requires(std::string_view text) {
  Format::parse(text);
};

template <class Format>
std::optional<typename Format::Value> read_value(Reader& reader, const toml::node& node) {
  return Format::read(reader, node);
}

template <TextFormat Format>
std::optional<typename Format::Value> read_value(Reader& reader, const toml::node& node) {
  const std::string* text = line_of_text(reader, node, &Format::words);
  if (text == nullptr) return std::nullopt;
  auto value = Format::parse(*text);
  if (value) return std::move(*value);
  reader.error(node.source(), std::move(value.error()));
  return std::nullopt;
}

struct Boolean {
  using Value = bool;
  static Words words() { return {"true or false", "booleans", "true"}; }
  static std::optional<Value> read(Reader& reader, const toml::node& node);
};

Words words_of_integers(std::int64_t least, std::int64_t most);
std::optional<std::int64_t> read_integer(Reader& reader, const toml::node& node, std::int64_t least, std::int64_t most);

template <std::int64_t Least, std::int64_t Most>
struct Integer {
  using Value = std::int64_t;
  static Words words() { return words_of_integers(Least, Most); }
  static std::optional<Value> read(Reader& reader, const toml::node& node) {
    return read_integer(reader, node, Least, Most);
  }
};

// The text by which two entries of a list are the same.
template <class Enumeration>
requires std::is_enum_v<Enumeration> std::string identity(Enumeration value) {
  return std::string(model::word_of(value));
}
std::string identity(const std::string& value);
std::string identity(const net::DomainPattern& value);
std::string identity(const net::AddressRange& value);
std::string identity(const net::Endpoint& value);
std::string identity(const model::SmartHost& value);
std::string identity(const model::Fingerprint& value);

// Reports entries that stand twice in a list, where `identities` has one text for each entry that could be read.
void report_repetitions(Reader& reader, const std::vector<std::pair<std::string, const toml::node*>>& identities);

template <class Value>
bool has_repetitions(const std::vector<Value>& values) {
  constexpr std::size_t few = 16;
  if (values.size() > few) return true;  // perhaps: looked at again by their texts
  for (auto i = values.begin(); i != values.end(); ++i) {
    if (std::find(values.begin(), i, *i) != i) return true;
  }
  return false;
}

Words words_of_list(const Words& entry);

// nullptr after reporting that the node is no list, or one of fewer than `least` entries.
const toml::array* list_of(Reader& reader, const toml::node& node, std::size_t least, Words (*words)());

// A list of values of one format, of at least `Least` entries.
template <class Format, std::size_t Least = 0>
struct List {
  using Value = std::vector<typename Format::Value>;

  static Words words() { return words_of_list(Format::words()); }

  static std::optional<Value> read(Reader& reader, const toml::node& node) {
    const toml::array* list = list_of(reader, node, Least, &words);
    return list == nullptr ? std::nullopt : read_entries(reader, *list);
  }

 private:
  static std::optional<Value> read_entries(Reader& reader, const toml::array& list) {
    Value values;
    values.reserve(list.size());
    for (const toml::node& entry : list) {
      if (auto value = read_value<Format>(reader, entry)) values.push_back(std::move(*value));
    }
    if (values.size() < list.size()) return std::nullopt;
    if (has_repetitions(values)) look_for_repetitions(reader, list, values);
    return values;
  }

  static void look_for_repetitions(Reader& reader, const toml::array& list, const Value& values) {
    std::vector<std::pair<std::string, const toml::node*>> identities;
    for (std::size_t i = 0; i < values.size(); ++i) identities.emplace_back(identity(values[i]), list.get(i));
    report_repetitions(reader, identities);
  }
};

}  // namespace connectord::config
