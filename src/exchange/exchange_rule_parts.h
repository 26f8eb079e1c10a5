#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "properties.h"

// What Get-TransportRule says of mail and of what is done with it.
namespace connectord::exchange {

struct RulePart {
  nlohmann::ordered_json keys;
  // Something is there that the keys lack, so that the rule would be for other mail, or do less.
  bool is_incomplete = false;
};

// The keys of [rule.when], or with the prefix "ExceptIf" of [rule.unless].
RulePart read_rule_conditions(Properties& properties, std::string prefix);

// The list of [[rule.action]].
RulePart read_rule_actions(Properties& properties);

// What `address_in` reads, for who wrote something else.
inline constexpr std::string_view mail_addresses = "a list of mail addresses";

// "smtp:alice@contoso.com" without its kind; std::nullopt for what is no address.
std::optional<std::string> address_in(const std::string& text);

}  // namespace connectord::exchange
