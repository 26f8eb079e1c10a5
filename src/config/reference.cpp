#include "reference.h"

#include <algorithm>

#include "walk.h"

namespace connectord::config {
namespace {

std::string code(std::string_view text) {
  return "`" + std::string(text) + "`";
}

std::string default_of(const Key& key) {
  if (key.is_required()) return "**required**";
  return key.fallback.value.empty() ? std::string(key.fallback.words) : code(key.fallback.value);
}

// A bar would end the cell.
std::string cell(std::string text) {
  for (auto bar = text.find('|'); bar != std::string::npos; bar = text.find('|', bar + 2)) text.insert(bar, 1, '\\');
  return text;
}

std::string row(const Key& key) {
  return "| " + code(key.name) + " | " + cell(key.words().one) + " | " + cell(default_of(key)) + " | " +
         cell(std::string(key.help)) + " |\n";
}

// The first place of that table; its keys stand there.
const TablePlace& first_place_of(const Table* table) {
  const auto& places = all_tables();
  return *std::find_if(places.begin(), places.end(), [table](const TablePlace& place) { return place.table == table; });
}

std::string section(const TablePlace& place) {
  std::string text = "\n### `" + place.header() + "`\n\n" + std::string(place.key->help) + "\n";
  const TablePlace& first = first_place_of(place.table);
  if (first.path != place.path) return text + "Its keys are those of `" + first.header() + "`.\n";
  const auto& keys = place.table->keys;
  const bool has_values = std::any_of(keys.begin(), keys.end(), [](const Key& key) { return key.table == nullptr; });
  if (has_values) text += "\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n";
  for (const Key& key : keys) {
    if (key.table == nullptr) text += row(key);
  }
  return text;
}

}  // namespace

std::string reference_markdown() {
  std::string text;
  for (const TablePlace& place : all_tables()) {
    if (place.key != nullptr) text += section(place);
  }
  return text;
}

}  // namespace connectord::config
