#include "reader.h"

#include <algorithm>
#include <sstream>

#include "quote.h"

namespace connectord::config {
namespace {

template <class Value>
std::string printed(const Value& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

// Other keys may hold anything, line breaks too.
bool is_bare(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::string count_of(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace

std::string Reader::path() const {
  std::string text;
  for (const std::string_view name : path_) {
    if (!text.empty()) text += '.';
    text += is_bare(name) ? std::string(name) : in_quotes(name);
  }
  return text;
}

model::Location Reader::at(const toml::source_region& where) const {
  return {file_, where.begin.line + lines_before_, where.begin.column};
}

void Reader::error(const toml::source_region& where, std::string message) {
  problems_.error(at(where), path(), std::move(message));
}

void Reader::warning(const toml::source_region& where, std::string message) {
  problems_.warning(at(where), path(), std::move(message));
}

std::string describe(const toml::node& node) {
  if (const auto* text = node.as_string()) return "the string " + in_quotes(text->get());
  if (const auto* number = node.as_integer()) return "the integer " + std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "the boolean true" : "the boolean false";
  if (const auto* number = node.as_floating_point()) return "the number " + printed(number->get());
  if (const auto* list = node.as_array()) {
    if (list->is_array_of_tables()) return "a list of " + count_of(list->size(), "table");
    return "a list of " + count_of(list->size(), "value");
  }
  if (node.is_table()) return "a table";
  if (const auto* date = node.as_date()) return "the date " + printed(date->get());
  if (const auto* time = node.as_time()) return "the time " + printed(time->get());
  return "the time " + printed(node.as_date_time()->get());
}

}  // namespace connectord::config
