#include "connectord/config/schema_json.h"

#include <nlohmann/json.hpp>

#include "walk.h"

namespace connectord::config {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(std::string_view text) {
  return text.empty() ? Json() : Json(std::string(text));
}

// The words of "\"enforce\" or \"audit\"".
Json quoted_words(std::string_view text) {
  Json words = Json::array();
  for (auto begin = text.find('"'); begin != std::string_view::npos; begin = text.find('"', begin)) {
    const auto end = text.find('"', begin + 1);
    if (end == std::string_view::npos) break;
    words.push_back(std::string(text.substr(begin + 1, end - begin - 1)));
    begin = end + 1;
  }
  return words;
}

// How a form asks for it, by the name that the value's format has for people.
struct Kind {
  std::string_view kind;
  Json choices = Json::array();
};
Kind kind_of(std::string_view type) {
  constexpr std::string_view list = "a list of ";
  if (type == "true or false") return {"boolean"};
  if (type.starts_with("an integer")) return {"integer"};
  if (type.starts_with("a date and time")) return {"time"};
  if (type.starts_with("a text, of several lines")) return {"text"};
  if (type.starts_with(list)) {
    const auto entries = type.substr(list.size());
    return {"list", entries.starts_with('"') ? quoted_words(entries) : Json::array()};
  }
  return {"string", type.starts_with('"') ? quoted_words(type) : Json::array()};
}

Json key_json(const Key& key) {
  const Words words = key.words();
  Kind kind = kind_of(words.one);
  return {{"name", std::string(key.name)},
          {"kind", std::string(kind.kind)},
          {"choices", std::move(kind.choices)},
          {"type", words.one},
          {"example", words.example},
          {"required", key.is_required()},
          {"default", or_null(key.fallback.value)},
          {"otherwise", or_null(key.fallback.words)},
          {"help", std::string(key.help)}};
}

}  // namespace

Json schema_json() {
  Json tables = Json::array();
  for (const TablePlace& place : all_tables()) {
    if (place.key == nullptr) continue;
    Json keys = Json::array();
    for (const Key& key : place.table->keys) {
      if (key.table == nullptr) keys.push_back(key_json(key));
    }
    tables.push_back({{"path", place.path},
                      {"header", place.header()},
                      {"several", place.key->shape == Key::Shape::tables},
                      {"help", std::string(place.key->help)},
                      {"keys", std::move(keys)}});
  }
  return tables;
}

}  // namespace connectord::config
