#include "connectord/config/connector_files.h"

#include <toml++/toml.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "connectord/base/digest.h"
#include "connectord/config/outline.h"

namespace connectord::config {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view seal_begin = "# Written by connectord's API (sha256:";
constexpr std::string_view seal_end = "); once you edit this file, the API leaves it to you.\n";

std::string seal_of(std::string_view body) {
  return std::string(seal_begin) + base::sha256_hex(body) + std::string(seal_end);
}

// A basic string (TOML 1.0).
std::string basic_string(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (byte < ' ' || byte == 0x7f) {
      result += "\\u00";
      result += digits[byte >> 4U];
      result += digits[byte & 0xfU];
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string written_key(std::string_view key) {
  const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return bare ? std::string(key) : basic_string(key);
}

std::string joined(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

// Writes one value after the other; remembers the first that TOML has no form for.
class Writer {
 public:
  // A table's own values come before the tables within it.
  void table(const Json& object, const std::string& header, const std::string& path) {
    for (const auto& [key, value] : object.items()) {
      if (value.is_object() || (path.empty() && key == "direction")) continue;
      text_ += written_key(key) + " = " + inline_value(value, joined(path, key)) + "\n";
    }
    for (const auto& [key, value] : object.items()) {
      if (!value.is_object()) continue;
      const std::string inner = header + "." + written_key(key);
      text_ += "[" + inner + "]\n";
      table(value, inner, joined(path, key));
    }
  }

  std::string text_;
  std::optional<Unwritable> problem_;

 private:
  std::string inline_value(const Json& value, const std::string& path) {
    switch (value.type()) {
      case Json::value_t::string:
        return basic_string(value.get_ref<const std::string&>());
      case Json::value_t::boolean:
      case Json::value_t::number_integer:
        return value.dump();
      case Json::value_t::number_unsigned:
        if (value.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max()) return value.dump();
        return refuse(path, "the number is too large");
      case Json::value_t::number_float:
        return refuse(path, "no key takes a number with a fraction or an exponent; write an integer");
      case Json::value_t::array:
        return list(value, path);
      case Json::value_t::object:
        return refuse(path, "no list of a connector holds objects; write strings");
      default:
        return refuse(path, "null says nothing; leave the key out");
    }
  }

  std::string list(const Json& values, const std::string& path) {
    std::string text = "[";
    for (const Json& value : values) {
      if (text.size() > 1) text += ", ";
      text += inline_value(value, path);
    }
    return text + "]";
  }

  std::string refuse(const std::string& path, std::string message) {
    if (!problem_) problem_ = Unwritable{path, std::move(message)};
    return "false";
  }
};

const toml::table* only_connector(const toml::table& piece, std::string_view table) {
  const auto* list = piece[table].as_array();
  return list != nullptr && list->size() == 1 ? list->get(0)->as_table() : nullptr;
}

std::size_t begin_of_line(std::string_view text, std::uint32_t line) {
  std::size_t position = 0;
  for (std::uint32_t i = 1; i < line && position != std::string_view::npos; ++i) {
    position = text.find('\n', position);
    if (position != std::string_view::npos) ++position;
  }
  return position;
}

std::string_view word(bool value) {
  return value ? "true" : "false";
}

// The piece with the value put in; std::nullopt where it is not found as expected.
std::optional<std::string> edited(std::string_view piece, const toml::table& connector, bool enabled) {
  std::string text(piece);
  const toml::node* node = connector.get("enabled");
  if (node == nullptr) {
    const auto end = piece.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string line_end = end > 0 && piece[end - 1] == '\r' ? "\r\n" : "\n";
    return text.insert(end + 1, "enabled = " + std::string(word(enabled)) + line_end);
  }
  const auto* value = node->as_boolean();
  if (value == nullptr) return std::nullopt;
  const std::size_t position = begin_of_line(piece, node->source().begin.line) + node->source().begin.column - 1;
  const std::string_view old = word(value->get());
  if (position > piece.size() || piece.substr(position, old.size()) != old) return std::nullopt;
  return text.replace(position, old.size(), word(enabled));
}

// Whether a piece says the same as before but for `enabled`.
bool differs_in_enabled_only(const toml::table& before, const std::string& piece, std::string_view table,
                             bool enabled) {
  toml::table expected = before;
  expected[table].as_array()->get(0)->as_table()->insert_or_assign("enabled", enabled);
  return toml::parse(piece) == expected;
}

}  // namespace

tl::expected<std::string, Unwritable> connector_toml(const Json& connector) {
  const std::string table = connector.value("direction", "inbound");
  Writer writer;
  writer.text_ = "[[" + table + "]]\n";
  writer.table(connector, table, "");
  if (writer.problem_) return tl::unexpected(*writer.problem_);
  return std::move(writer.text_);
}

tl::expected<std::string, Unwritable> sealed_toml(const Json& connector) {
  return connector_toml(connector).map([](const std::string& text) { return seal_of(text) + text; });
}

bool is_sealed(std::string_view text) {
  if (!text.starts_with(seal_begin)) return false;
  const auto end = text.find('\n');
  return end != std::string_view::npos && text.substr(0, end + 1) == seal_of(text.substr(end + 1));
}

tl::expected<std::string, std::string> with_enabled(std::string_view text, std::string_view table,
                                                    std::string_view name, bool enabled) {
  const auto whole = outline(text);
  if (!whole) return tl::unexpected(std::string("its file is not divided into tables by [[inbound]] and [[outbound]]"));
  try {
    for (const Outline::Piece& piece : whole->connectors) {
      const toml::table parsed = toml::parse(piece.text);
      const toml::table* connector = only_connector(parsed, table);
      if (connector == nullptr || (*connector)["name"].value_or(std::string_view()) != name) continue;
      const auto changed = edited(piece.text, *connector, enabled);
      if (!changed || !differs_in_enabled_only(parsed, *changed, table, enabled)) break;
      const auto begin = static_cast<std::size_t>(piece.text.data() - text.data());
      return std::string(text.substr(0, begin)) + *changed + std::string(text.substr(begin + piece.text.size()));
    }
  } catch (const toml::parse_error&) {
    return tl::unexpected(std::string("its file is no TOML now"));
  }
  return tl::unexpected(std::string("it does not stand in its file in a form that a program may edit"));
}

}  // namespace connectord::config
