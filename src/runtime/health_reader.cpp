// Reads what health_document() has written. Whoever answers under connectord's name may be of another version, or have
// been taken over, so nothing is expected of it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "connectord/base/display_control.h"
#include "connectord/base/json.h"
#include "connectord/base/text.h"
#include "connectord/runtime/health.h"

namespace connectord::runtime {
namespace {

using Json = nlohmann::ordered_json;
using Parsed = nlohmann::json;  // sorted, so that many keys cost no more than their number

constexpr std::size_t max_text_length = 4096;  // an error's of a fleet may have a line for each problem
constexpr std::size_t max_elements = 20;
constexpr std::size_t max_oddities = 10;
constexpr int deepest = 4;

// The code point at `at`, and in `length` its bytes. The text is UTF-8.
std::uint32_t code_point(std::string_view text, std::size_t at, std::size_t& length) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + i])); };
  length = byte(0) < 0x80U ? 1 : byte(0) < 0xe0U ? 2 : byte(0) < 0xf0U ? 3 : 4;
  std::uint32_t value = length == 1 ? byte(0) : byte(0) & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) value = (value << 6U) | (byte(i) & 0x3fU);
  return value;
}

// Moves a terminal's cursor, ends a line, or turns the order of what is shown.
bool is_shown_otherwise(std::string_view rest) {
  const auto first = static_cast<unsigned char>(rest.front());
  return first < 0x20 || first == 0x7f || base::display_control_length(rest) > 0;
}

std::string escaped(std::string_view text) {
  std::string shown;
  const std::string_view cut = text.substr(0, max_text_length);
  for (std::size_t at = 0, length = 0; at < cut.size(); at += length) {
    const std::uint32_t code = code_point(text, at, length);
    if (is_shown_otherwise(text.substr(at))) {
      std::array<char, 8> escape{};
      shown.append(escape.data(),
                   static_cast<std::size_t>(std::snprintf(escape.data(), escape.size(), "\\u%04x", code)));
    } else {
      shown.append(text.substr(at, length));
    }
  }
  if (cut.size() < text.size()) shown += "...";
  return shown;
}

enum class Type : std::uint8_t { text, text_or_null, count, flag, texts };

struct Field {
  const char* part;  // the object that it stands in; empty for the document itself
  const char* key;
  Type type;
  bool is_optional = false;
};

constexpr Field known_fields[] = {
    {"", "version", Type::text},
    {"", "pid", Type::count},
    {"", "started", Type::text_or_null},
    {"configuration", "file", Type::text},
    {"configuration", "generation", Type::count},
    {"configuration", "loaded", Type::text_or_null},
    {"configuration", "sha256", Type::text, true},
    {"configuration", "inbound_connectors", Type::count},
    {"configuration", "outbound_connectors", Type::count},
    {"configuration", "last_change", Type::text_or_null, true},
    {"configuration", "waits_for_restart", Type::texts, true},
    {"reload", "failed", Type::flag},
    {"reload", "at", Type::text_or_null, true},
    {"reload", "problems", Type::texts, true},
    {"listeners", "milter", Type::text_or_null},
    {"listeners", "policy", Type::text_or_null},
    {"listeners", "socketmap", Type::text_or_null},
    {"listeners", "api", Type::text_or_null},
    {"mta", "version", Type::text_or_null},
    {"mta", "host", Type::text_or_null},
    {"milter", "sessions", Type::count},
    {"milter", "last", Type::text_or_null},
    {"policy", "requests", Type::count},
    {"policy", "last", Type::text_or_null},
    {"socketmap", "lookups", Type::count},
    {"socketmap", "last", Type::text_or_null},
};

bool is_of(Type type, const Parsed& value) {
  switch (type) {
    case Type::text:
      return value.is_string();
    case Type::text_or_null:
      return value.is_string() || value.is_null();
    case Type::count:
      return value.is_number_unsigned() && value.get<std::uint64_t>() <= INT64_MAX;
    case Type::flag:
      return value.is_boolean();
    case Type::texts:
      break;
  }
  return value.is_array() && std::all_of(value.begin(), value.end(), [](const Parsed& one) { return one.is_string(); });
}

Json none_of(Type type) {
  switch (type) {
    case Type::text:
      return "";
    case Type::count:
      return 0;
    case Type::flag:
      return false;
    case Type::texts:
      return Json::array();
    case Type::text_or_null:
      break;
  }
  return nullptr;
}

// Bounded in every direction, and fit to be shown.
Json tame(const Parsed& value, int depth = 0) {
  if (value.is_string()) return escaped(value.get_ref<const std::string&>());
  if (!value.is_structured()) return Json(value);
  if (depth == deepest) return nullptr;
  Json made = value.is_array() ? Json::array() : Json::object();
  std::size_t count = 0;
  for (const auto& [key, one] : value.items()) {
    if (++count > max_elements) break;
    if (value.is_array()) {
      made.push_back(tame(one, depth + 1));
    } else {
      made[escaped(key)] = tame(one, depth + 1);
    }
  }
  return made;
}

class Reading {
 public:
  explicit Reading(const Parsed& parsed) : parsed_(parsed), document_(tame(parsed)) {}

  Json document() && {
    for (const Field& field : known_fields) read(field);
    if (!odd_.empty()) document_["odd"] = odd_;
    return std::move(document_);
  }

 private:
  void read(const Field& field) {
    const std::string part = field.part;
    Json& place = part.empty() ? document_ : document_[part];
    if (!place.is_object()) place = Json::object();
    place[field.key] = none_of(field.type);
    const Parsed* object = object_of(part);
    if (object == nullptr) return;
    const auto value = object->find(field.key);
    const bool is_missing = value == object->end();
    if (!is_missing && is_of(field.type, *value)) {
      place[field.key] = tame(*value);
    } else if (!is_missing || !field.is_optional) {
      note((part.empty() ? "" : part + ".") + field.key, is_missing ? "is missing" : "is of another type");
    }
  }

  // nullptr where there is no such object.
  const Parsed* object_of(const std::string& part) {
    if (part.empty()) return &parsed_;
    const auto found = parsed_.find(part);
    if (found != parsed_.end() && found->is_object()) return &*found;
    if (part != noted_part_) note(part, found == parsed_.end() ? "is missing" : "is of another type");
    noted_part_ = part;
    return nullptr;
  }

  void note(const std::string& what, const char* why) {
    if (odd_.size() < max_oddities) odd_.push_back(what + " " + why);
  }

  const Parsed& parsed_;
  Json document_;
  std::string noted_part_;
  std::vector<std::string> odd_;
};

}  // namespace

tl::expected<Json, std::string> read_health_document(std::string_view text) {
  if (text.size() > max_health_document_length) return tl::unexpected(std::string("it is too long"));
  const Parsed parsed = base::parse_sorted_json(text);
  if (parsed.is_discarded()) return tl::unexpected(std::string("it is no JSON"));
  if (!parsed.is_object()) return tl::unexpected(std::string("it is no JSON object"));
  return Reading(parsed).document();
}

}  // namespace connectord::runtime
