#include "exchange.h"

#include <algorithm>

#include "connectord/config/strict_json.h"
#include "connectord/mail/text.h"
#include "properties.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;
template <class T>
using Expected = tl::expected<T, std::string>;

constexpr std::size_t largest = 16U << 20U;
constexpr std::size_t most_connectors = 10'000;
constexpr std::size_t longest_name = 100;

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

// What PowerShell 5 writes with ">": UTF-16, little-endian, with a mark at its beginning.
Expected<std::string> from_utf16(std::string_view text) {
  if (text.size() % 2 != 0) return tl::unexpected(std::string("is cut off within a character of UTF-16"));
  std::string out;
  char32_t high = 0;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto unit = static_cast<char32_t>(static_cast<unsigned char>(text[i]) |
                                            static_cast<unsigned>(static_cast<unsigned char>(text[i + 1])) << 8U);
    const bool is_high = unit >= 0xd800 && unit < 0xdc00;
    const bool is_low = unit >= 0xdc00 && unit < 0xe000;
    if (is_low != (high != 0)) return tl::unexpected(std::string("is no good UTF-16"));
    if (!is_high) append_utf8(out, is_low ? 0x10000 + ((high - 0xd800) << 10U) + (unit - 0xdc00) : unit);
    high = is_high ? unit : 0;
  }
  if (high != 0) return tl::unexpected(std::string("is cut off within a character of UTF-16"));
  return out;
}

Expected<Json> parse(std::string_view text) {
  if (text.size() > largest) return tl::unexpected(std::string("is larger than 16 MiB"));
  if (text.starts_with("\xff\xfe")) {
    const auto utf8 = from_utf16(text.substr(2));
    return utf8 ? config::parse_strict_json(*utf8) : tl::unexpected(utf8.error());
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return config::parse_strict_json(text);
}

// A name of ours: letters, digits, '-', '_' and '.'.
std::string plain_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool plain = mail::is_alpha(c) || mail::is_digit(c) || c == '-' || c == '_' || c == '.';
    if (plain) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (name.ends_with('-')) name.pop_back();
  name.resize(std::min(name.size(), longest_name));
  return name;
}

enum class Kind { inbound, outbound, neither };

Kind kind_of(const Properties& properties) {
  const bool inbound =
      properties.has("SenderDomains") || properties.has("SenderIPAddresses") || properties.has("RequireTls");
  const bool outbound =
      properties.has("RecipientDomains") || properties.has("SmartHosts") || properties.has("UseMXRecord");
  if (inbound == outbound) return Kind::neither;
  return inbound ? Kind::inbound : Kind::outbound;
}

Expected<ImportedConnector> import_one(const Json& object, const std::vector<std::string>& accepted_domains) {
  if (!object.is_object()) return tl::unexpected(std::string("is no object"));
  ImportedConnector made;
  Properties properties(object, made);
  made.name = properties.text("Name");
  const auto fail = [&made](const std::string& why) {
    return tl::unexpected((made.name.empty() ? "" : "\"" + mail::printable(made.name) + "\": ") + why);
  };
  const Kind kind = kind_of(properties);
  if (kind == Kind::neither) {
    return fail("is neither an inbound connector (SenderDomains) nor an outbound one (RecipientDomains)");
  }
  Json& connector = made.connector;
  connector["name"] = plain_name(made.name);
  connector["direction"] = kind == Kind::inbound ? "inbound" : "outbound";
  read_common(properties, connector);
  if (kind == Kind::inbound) {
    read_inbound(properties, connector);
  } else {
    read_outbound(properties, accepted_domains, connector);
  }
  properties.finish();
  if (!properties.problem().empty()) return fail(properties.problem());
  if (connector["name"].get<std::string>().empty()) return fail("has no name that could be one here");
  return made;
}

}  // namespace

void read_common(Properties& properties, Json& connector) {
  const bool changed = connector["name"].get<std::string>() != properties.text("Name");
  properties.taken(
      "Name",
      changed ? "name = \"" + connector["name"].get<std::string>() + "\": other characters are not allowed" : "name");
  const std::string type = properties.text("ConnectorType");
  connector["scenario"] = type == "OnPremises" ? "on-premises" : "partner";
  if (type == "OnPremises" || type == "Partner") {
    properties.taken("ConnectorType", "scenario = \"" + connector["scenario"].get<std::string>() + "\"");
  } else {
    properties.by_hand("ConnectorType", "not known here; write scenario, which is \"partner\" now");
  }
  // Exchange's default is true.
  const bool enabled = !properties.has("Enabled") || properties.flag("Enabled");
  if (!enabled) connector["enabled"] = false;
  properties.taken("Enabled", "enabled");
  const std::string comment = properties.text("Comment");
  if (!comment.empty()) connector["comment"] = comment;
  properties.taken("Comment", comment.empty() ? "no comment" : "comment");
}

tl::expected<std::vector<ImportedConnector>, std::string> read_exchange(
    std::string_view text, const std::vector<std::string>& accepted_domains) {
  const auto json = parse(text);
  if (!json) return tl::unexpected(json.error());
  const Json list = json->is_array() ? *json : Json::array({*json});
  if (list.size() > most_connectors) return tl::unexpected(std::string("holds more than 10000 connectors"));
  std::vector<ImportedConnector> connectors;
  for (const Json& object : list) {
    auto made = import_one(object, accepted_domains);
    if (!made) return tl::unexpected("connector " + std::to_string(connectors.size() + 1) + ": " + made.error());
    connectors.push_back(std::move(*made));
  }
  if (connectors.empty()) return tl::unexpected(std::string("holds no connector"));
  return connectors;
}

std::string_view to_string(Fate fate) {
  switch (fate) {
    case Fate::taken:
      return "taken";
    case Fate::left:
      return "left";
    case Fate::by_hand:
      return "by hand";
  }
  return "";
}

}  // namespace connectord::ctl
