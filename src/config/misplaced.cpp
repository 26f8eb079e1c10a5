#include "misplaced.h"

#include <algorithm>

#include "connectord/config/nearest.h"
#include "quote.h"
#include "walk.h"

namespace connectord::config {
namespace {

std::vector<std::string_view> names_of(const Table& table) {
  std::vector<std::string_view> names;
  for (const Key& key : table.keys) names.push_back(key.name);
  return names;
}

// The headers of the other tables that have a key of this very name, as a person would look for them: the tables of
// the same connector first.
std::vector<std::string> tables_with(std::string_view name, std::string_view path) {
  std::vector<std::string> same_root;
  std::vector<std::string> others;
  const std::string_view root = path.substr(0, path.find('.'));
  for (const TablePlace& place : all_tables()) {
    if (place.path == path) continue;
    const auto names = names_of(*place.table);
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    const bool near = !root.empty() && place.path.substr(0, place.path.find('.')) == root;
    (near ? same_root : others).push_back(place.path.empty() ? "the top of the file" : place.header());
  }
  return same_root.empty() ? others : same_root;
}

std::string joined(const std::vector<std::string>& words, std::string_view last_separator) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? last_separator : ", ";
    text += words[i];
  }
  return text;
}

std::string known_keys(const Table& table) {
  std::vector<std::string> names;
  for (const Key& key : table.keys) names.emplace_back(key.name);
  return joined(names, " and ");
}

// All names of all tables.
std::vector<std::string_view> all_names() {
  std::vector<std::string_view> names;
  for (const TablePlace& place : all_tables()) {
    for (const std::string_view name : names_of(*place.table)) names.push_back(name);
  }
  return names;
}

std::string did_you_mean(std::string_view name) {
  return "unknown key; did you mean \"" + std::string(name) + "\"?";
}

std::string advice_for(std::string_view name, const Table& table, std::string_view path) {
  const auto here = nearest(name, names_of(table));
  if (here && edit_distance(name, *here) <= 1) return did_you_mean(*here);
  if (const auto others = tables_with(name, path); !others.empty()) {
    return "unknown key here; it belongs in " + joined(others, " or ");
  }
  if (here) return did_you_mean(*here);
  if (const auto elsewhere = nearest(name, all_names())) {
    return did_you_mean(*elsewhere) + " It belongs in " + joined(tables_with(*elsewhere, path), " or ");
  }
  return "unknown key; known here are " + known_keys(table);
}

}  // namespace

void report_unknown_key(Reader& reader, const toml::key& key, const Table& table) {
  const std::string path = reader.path();
  const Reader::Scope scope(reader, key.str());
  reader.error(key.source(), advice_for(key.str(), table, path));
}

}  // namespace connectord::config
