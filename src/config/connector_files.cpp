#include "connectord/config/connector_files.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "connectord/base/digest.h"
#include "connectord/base/json.h"

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
  Writer() = default;
  // A document with one [[name]]. Those of connectors have no tables in lists.
  Writer(const Json& object, std::string_view name) : is_rule_(name == "rule") {
    text_ = "[[" + std::string(name) + "]]\n";
    table(object, std::string(name), "");
  }

  std::string inline_value(const Json& value, const std::string& path) {
    switch (value.type()) {
      case Json::value_t::string:
        return basic_string(value.get_ref<const std::string&>());
      case Json::value_t::boolean:
      case Json::value_t::number_integer:
        return base::json_text(value);
      case Json::value_t::number_unsigned:
        if (value.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max()) return base::json_text(value);
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

  std::string text_;
  std::optional<Unwritable> problem_;

 private:
  // A table's own values come before the tables within it.
  void table(const Json& object, const std::string& header, const std::string& path) {
    for (const auto& [key, value] : object.items()) {
      if (value.is_object() || is_tables(value) || (path.empty() && !is_rule_ && key == "direction")) continue;
      text_ += written_key(key) + " = " + inline_value(value, joined(path, key)) + "\n";
    }
    for (const auto& [key, value] : object.items()) {
      const std::string inner = header + "." + written_key(key);
      if (value.is_object()) {
        text_ += "[" + inner + "]\n";
        table(value, inner, joined(path, key));
      } else if (is_tables(value)) {
        for (const Json& one : value) {
          text_ += "[[" + inner + "]]\n";
          table(one, inner, joined(path, key));
        }
      }
    }
  }

  bool is_tables(const Json& value) const {
    const auto is_object = [](const Json& one) { return one.is_object(); };
    return is_rule_ && value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), is_object);
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

  bool is_rule_ = false;
};

}  // namespace

tl::expected<std::string, Unwritable> connector_toml(const Json& connector) {
  const auto direction = connector.find("direction");
  if (direction == connector.end()) return entry_toml(connector, "inbound");
  if (!direction->is_string()) return tl::unexpected(Unwritable{"direction", "write \"inbound\" or \"outbound\""});
  return entry_toml(connector, direction->get<std::string>());
}

tl::expected<std::string, Unwritable> entry_toml(const Json& entry, std::string_view table) {
  Writer writer(entry, table);
  if (writer.problem_) return tl::unexpected(*writer.problem_);
  return std::move(writer.text_);
}

tl::expected<std::string, Unwritable> toml_value(const Json& value, const std::string& key) {
  Writer writer;
  std::string text = writer.inline_value(value, key);
  if (writer.problem_) return tl::unexpected(*writer.problem_);
  return text;
}

std::string toml_key(std::string_view key) {
  return written_key(key);
}

tl::expected<std::string, Unwritable> sealed_toml(const Json& entry, std::string_view table) {
  return entry_toml(entry, table).map([](const std::string& text) { return seal_of(text) + text; });
}

tl::expected<std::string, Unwritable> sealed_toml(const Json& connector) {
  return sealed_toml(connector, connector.value("direction", "inbound"));
}

bool is_sealed(std::string_view text) {
  if (!text.starts_with(seal_begin)) return false;
  const auto end = text.find('\n');
  return end != std::string_view::npos && text.substr(0, end + 1) == seal_of(text.substr(end + 1));
}

}  // namespace connectord::config
