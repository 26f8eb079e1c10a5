#include "powershell.h"

#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/config/strict_json.h"

namespace connectord::exchange {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t largest = 16U << 20U;

void append_utf8(std::string& out, char32_t code) {
  const auto put = [&out](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0U | code >> 6U);
  } else {
    if (code < 0x10000) {
      put(0xe0U | code >> 12U);
    } else {
      put(0xf0U | code >> 18U);
      put(0x80U | (code >> 12U & 0x3fU));
    }
    put(0x80U | (code >> 6U & 0x3fU));
  }
  put(0x80U | (code & 0x3fU));
}

// Behind its mark. Windows PowerShell writes this with ">" and Out-File, little-endian unless asked otherwise.
tl::expected<std::string, std::string> from_utf16(std::string_view text, bool is_big_endian) {
  if (text.size() % 2 != 0) return tl::unexpected(std::string("is cut off within a character of UTF-16"));
  std::string out;
  char32_t high = 0;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto first = static_cast<unsigned char>(text[i]);
    const auto second = static_cast<unsigned char>(text[i + 1]);
    const auto unit = static_cast<char32_t>(is_big_endian ? first << 8 | second : second << 8 | first);
    const bool is_high = unit >= 0xd800 && unit < 0xdc00;
    const bool is_low = unit >= 0xdc00 && unit < 0xe000;
    if (is_low != (high != 0)) return tl::unexpected(std::string("is no good UTF-16"));
    if (!is_high) append_utf8(out, is_low ? 0x10000 + ((high - 0xd800) << 10U) + (unit - 0xdc00) : unit);
    high = is_high ? unit : 0;
  }
  if (high != 0) return tl::unexpected(std::string("is cut off within a character of UTF-16"));
  return out;
}

tl::expected<std::string, std::string> to_utf8(std::string_view text) {
  if (text.starts_with("\xff\xfe")) return from_utf16(text.substr(2), false);
  if (text.starts_with("\xfe\xff")) return from_utf16(text.substr(2), true);
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return std::string(text);
}

// A command without results prints nothing.
tl::expected<Json, std::string> parse(std::string_view text) {
  if (text.size() > largest) return tl::unexpected(std::string("is larger than 16 MiB"));
  const auto utf8 = to_utf8(text);
  if (!utf8) return tl::unexpected(utf8.error());
  if (utf8->find_first_not_of(" \t\r\n") == std::string::npos) return Json::array();
  return config::parse_strict_json(*utf8);
}

// Behind Windows PowerShell's List<T>, or a list that something else hands on as one object.
bool is_wrapped_list(const Json& value) {
  return value.is_object() && value.size() == 2 && value.contains("value") && value["value"].is_array() &&
         value.contains("Count") && value["Count"] == value["value"].size();
}

// An answer of the service as it is, without PowerShell.
bool is_service_answer(const Json& json) {
  if (!json.is_object() || !json.contains("value") || !json["value"].is_array()) return false;
  const auto items = json.items();
  return std::all_of(items.begin(), items.end(),
                     [](const auto& item) { return item.key() == "value" || item.key().starts_with('@'); });
}

bool is_enumeration(const Json& value) {
  return value.is_object() && value.size() == 2 && value.contains("value") && value["value"].is_number_integer() &&
         value.contains("Value") && value["Value"].is_string();
}

bool is_address_range(const Json& value) {
  return value.is_object() && value.contains("LowerBound") && value.contains("UpperBound") &&
         value.contains("Expression") && value["Expression"].is_string();
}

}  // namespace

tl::expected<Json, std::string> read_powershell_objects(std::string_view text) {
  auto json = parse(text);
  if (!json) return json;
  if (json->is_array()) return json;
  if (is_wrapped_list(*json)) return std::move((*json)["value"]);
  if (!is_service_answer(*json)) return Json::array({*std::move(json)});
  if (json->contains("@odata.nextLink")) {
    return tl::unexpected(std::string("is not all of it (\"@odata.nextLink\"): get the further pages too"));
  }
  return std::move((*json)["value"]);
}

Json plain_value(const Json& value) {
  if (is_enumeration(value)) return value["Value"];
  if (is_address_range(value)) return value["Expression"];
  const Json& list = is_wrapped_list(value) ? value["value"] : value;
  if (!list.is_array()) return list;
  Json plain = Json::array();
  for (const Json& item : list) plain.push_back(item.is_object() ? plain_value(item) : item);
  return plain;
}

bool is_cut_off(std::string_view text) {
  if (text.starts_with("@{") && text.ends_with('}')) return true;
  constexpr std::string_view remote = "Deserialized.";
  if (text.starts_with(remote)) text.remove_prefix(remote.size());
  if (!text.starts_with("System.") && !text.starts_with("Microsoft.")) return false;
  // Generic types and lists: System.Collections.Generic.List`1[System.String], System.Object[]
  constexpr std::string_view others = "._`[],+";
  return std::all_of(text.begin(), text.end(), [others](char c) {
    return base::is_alpha(c) || base::is_digit(c) || others.find(c) != std::string_view::npos;
  });
}

}  // namespace connectord::exchange
