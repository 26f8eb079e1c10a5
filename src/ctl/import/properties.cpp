#include "properties.h"

#include <algorithm>
#include <array>

#include "connectord/mail/text.h"
#include "connectord/net/ascii_case.h"
#include "powershell.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_text = 200;
constexpr std::size_t most_items = 10'000;

// What Exchange and PowerShell keep for themselves.
constexpr std::array<std::string_view, 28> bookkeeping = {"Identity",
                                                          "Id",
                                                          "Guid",
                                                          "ImmutableId",
                                                          "ExchangeObjectId",
                                                          "DistinguishedName",
                                                          "WhenChanged",
                                                          "WhenCreated",
                                                          "WhenChangedUTC",
                                                          "WhenCreatedUTC",
                                                          "ExchangeVersion",
                                                          "AdminDisplayName",
                                                          "OrganizationId",
                                                          "OrganizationalUnitRoot",
                                                          "OriginatingServer",
                                                          "IsValid",
                                                          "ObjectState",
                                                          "ObjectClass",
                                                          "ObjectCategory",
                                                          "ObjectType",
                                                          "PSComputerName",
                                                          "PSShowComputerName",
                                                          "PSSourceJobInstanceId",
                                                          "RunspaceId",
                                                          "ConnectorSource",
                                                          "IsValidated",
                                                          "LastValidationTimestamp",
                                                          "LinkForModifiedConnector"};

constexpr std::string_view deeper = "export again with ConvertTo-Json -Depth 5";
constexpr std::string_view as_texts =
    "export again with every property as text, as the manual says (operations.md, From Exchange Online)";
// Microsoft documents the names of its enumerations, and not their numbers.
constexpr std::string_view names_of_numbers =
    "which name that number stands for is not documented: export again with ConvertTo-Json -EnumsAsStrings (PowerShell "
    "7), or with every property as text, as the manual says (operations.md, From Exchange Online)";

bool is_empty_text(const Json& value) {
  return value.is_string() && value.get_ref<const std::string&>().empty();
}

bool says_nothing(const Json& value) {
  const bool holds_others = value.is_array() || value.is_object();
  return value.is_null() || value == false || is_empty_text(value) || (holds_others && value.empty());
}

}  // namespace

Properties::Properties(const Json& object, ImportedConnector& into) : into_(into) {
  for (const auto& [name, value] : object.items()) {
    if (find(name) != nullptr && problem_.empty()) problem_ = "\"" + mail::printable(name) + "\" is there twice";
    properties_.push_back({name, plain_value(value)});
  }
}

Properties::Property* Properties::find(std::string_view name) {
  const auto found = std::find_if(properties_.begin(), properties_.end(),
                                  [name](const Property& each) { return net::equals_ignoring_case(each.name, name); });
  return found == properties_.end() ? nullptr : &*found;
}

bool Properties::has(std::string_view name) const {
  return std::any_of(properties_.begin(), properties_.end(),
                     [name](const Property& each) { return net::equals_ignoring_case(each.name, name); });
}

void Properties::refuse(const Property& property, std::string_view wanted, std::string_view hint) {
  if (!problem_.empty()) return;
  problem_ = mail::printable(property.name) + " is " +
             mail::printable(property.value.dump(-1, ' ', false, Json::error_handler_t::replace), most_text) +
             ", and should be " + std::string(wanted) + (hint.empty() ? "" : "; ") + std::string(hint);
}

void Properties::refuse(std::string_view name, std::string_view wanted) {
  if (const Property* property = find(name)) refuse(*property, wanted);
}

bool Properties::is_readable(const Property& property, std::string_view text) {
  if (!is_cut_off(text)) return true;
  refuse(property, "its value: it lies too deep for the export", deeper);
  return false;
}

std::string Properties::text(std::string_view name) {
  Property* property = find(name);
  if (property == nullptr || property->value.is_null()) return {};
  if (property->value.is_string()) {
    auto text = property->value.get<std::string>();
    return is_readable(*property, text) ? text : std::string();
  }
  refuse(*property, "a string", property->value.is_number() ? names_of_numbers : as_texts);
  return {};
}

bool Properties::flag(std::string_view name) {
  Property* property = find(name);
  if (property == nullptr || property->value.is_null()) return false;
  if (property->value.is_boolean()) return property->value.get<bool>();
  const bool is_text = property->value.is_string();
  for (const bool truth : {true, false}) {
    if (is_text && net::equals_ignoring_case(property->value.get<std::string>(), truth ? "true" : "false"))
      return truth;
  }
  refuse(*property, "true or false");
  return false;
}

// A list of one is a string in some exports.
std::vector<std::string> Properties::list(std::string_view name) {
  Property* property = find(name);
  if (property == nullptr || property->value.is_null() || is_empty_text(property->value)) return {};
  const Json values = property->value.is_string() ? Json::array({property->value}) : property->value;
  if (!values.is_array() || values.size() > most_items) {
    refuse(*property, "a list of strings", as_texts);
    return {};
  }
  std::vector<std::string> texts;
  for (const Json& value : values) {
    if (!value.is_string()) {
      refuse(*property, "a list of strings", as_texts);
      return {};
    }
    auto text = value.get<std::string>();
    if (!is_readable(*property, text)) return {};
    // A list that lies too deep becomes one text with spaces; a spreadsheet's has commas.
    if (mail::trimmed(text).find_first_of(" \t,") != std::string_view::npos) {
      refuse(*property, "a list with a string for each", deeper);
      return {};
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

void Properties::tell(std::string_view name, Fate fate, std::string words) {
  Property* property = find(name);
  if (property == nullptr || property->told) return;
  property->told = true;
  std::string value = property->value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (says_nothing(property->value) && fate == Fate::by_hand) {
    fate = Fate::left;
    words = "it says nothing";
  }
  into_.properties.push_back({property->name, std::move(value), fate, std::move(words)});
}

void Properties::taken(std::string_view name, std::string key) {
  tell(name, Fate::taken, std::move(key));
}

void Properties::left(std::string_view name, std::string why) {
  tell(name, Fate::left, std::move(why));
}

void Properties::by_hand(std::string_view name, std::string what) {
  const Property* property = find(name);
  if (property != nullptr && property->value.is_string()) is_readable(*property, property->value.get<std::string>());
  tell(name, Fate::by_hand, std::move(what));
}

void Properties::finish() {
  for (const Property& property : std::vector<Property>(properties_)) {
    if (property.told) continue;
    const bool known = std::any_of(bookkeeping.begin(), bookkeeping.end(), [&property](std::string_view name) {
      return net::equals_ignoring_case(property.name, name);
    });
    if (known || property.name.starts_with("@odata.") || property.name.starts_with("msExch")) {
      left(property.name, "Exchange's own bookkeeping");
    } else {
      tell(property.name, Fate::by_hand, "not known here; see Microsoft's documentation of what it does");
    }
  }
}

}  // namespace connectord::ctl
