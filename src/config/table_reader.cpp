#include <algorithm>

#include "misplaced.h"
#include "schema.h"

namespace connectord::config {
namespace {

void report_missing(Reader& reader, const toml::table& table, const Key& key) {
  const Reader::Scope scope(reader, key.name);
  const Words words = key.words();
  const bool self_explaining = words.one.find('"') != std::string::npos;
  reader.error(table.source(),
               "is missing; write " + std::string(key.name) + " = " + (self_explaining ? words.one : words.example));
}

bool read_key(Reader& reader, const toml::node& node, const Key& declared, void* owner) {
  const Reader::Scope scope(reader, declared.name);
  return declared.read(reader, node, owner);
}

bool report_missing_keys(Reader& reader, const toml::table& table, const Table& declared) {
  bool complete = true;
  for (const Key& key : declared.keys) {
    if (!key.is_required() || table.contains(key.name)) continue;
    report_missing(reader, table, key);
    complete = false;
  }
  return complete;
}

}  // namespace

const Key* Table::find(std::string_view name) const {
  const auto found = std::find_if(keys.begin(), keys.end(), [name](const Key& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

bool read_table(Reader& reader, const toml::table& table, const Table& declared, void* owner) {
  bool good = true;
  for (const auto& [key, node] : table) {
    const Key* found = declared.find(key.str());
    if (found == nullptr) report_unknown_key(reader, key, declared);
    good = found != nullptr && read_key(reader, node, *found, owner) && good;
  }
  good = report_missing_keys(reader, table, declared) && good;
  const std::size_t errors = reader.errors();
  if (declared.check != nullptr) declared.check(reader, table, owner);
  return good && reader.errors() == errors;
}

nlohmann::ordered_json write_table(const Table& declared, const void* owner) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const Key& key : declared.keys) {
    if (key.write == nullptr || (!key.is_required() && key.is_left_out(owner))) continue;
    object[std::string(key.name)] = key.write(owner);
  }
  return object;
}

void report_no_table(Reader& reader, const toml::node& node, Key::Shape shape) {
  const std::string path = reader.path();
  const std::string header = shape == Key::Shape::tables ? "[[" + path + "]]" : "[" + path + "]";
  std::string advice = "write " + header + " on a line of its own, and the keys below it";
  if (shape == Key::Shape::tables) advice += ", for each one";
  const bool lacks_brackets = shape == Key::Shape::tables && node.is_table();
  const std::string found =
      lacks_brackets ? "[" + path + "] is one table, and there may be several" : "found " + describe(node);
  reader.error(node.source(), found + "; " + advice);
}

}  // namespace connectord::config
