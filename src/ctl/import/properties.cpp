#include "properties.h"

#include <algorithm>
#include <array>

#include "connectord/mail/text.h"
#include "connectord/net/ascii_case.h"

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

bool says_nothing(const Json& value) {
  return value.is_null() || value == false || value == "" || ((value.is_array() || value.is_object()) && value.empty());
}

}  // namespace

Properties::Properties(const Json& object, ImportedConnector& into) : into_(into) {
  for (const auto& [name, value] : object.items()) {
    if (find(name) != nullptr && problem_.empty()) problem_ = "\"" + mail::printable(name) + "\" is there twice";
    properties_.push_back({name, value});
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

void Properties::refuse(const Property& property, std::string_view wanted) {
  if (!problem_.empty()) return;
  problem_ = mail::printable(property.name) + " is " +
             mail::printable(property.value.dump(-1, ' ', false, Json::error_handler_t::replace), most_text) +
             ", and should be " + std::string(wanted);
  if (property.value.is_number()) problem_ += "; export again with ConvertTo-Json -EnumsAsStrings";
}

std::string Properties::text(std::string_view name) {
  Property* property = find(name);
  if (property == nullptr || property->value.is_null()) return {};
  if (property->value.is_string()) return property->value.get<std::string>();
  refuse(*property, "a string");
  return {};
}

bool Properties::flag(std::string_view name) {
  Property* property = find(name);
  if (property == nullptr || property->value.is_null()) return false;
  if (property->value.is_boolean()) return property->value.get<bool>();
  if (property->value == "True" || property->value == "False") return property->value == "True";
  refuse(*property, "true or false");
  return false;
}

// A list of one is a string in some exports.
std::vector<std::string> Properties::list(std::string_view name) {
  Property* property = find(name);
  if (property == nullptr || property->value.is_null()) return {};
  if (property->value.is_string()) {
    auto single = property->value.get<std::string>();
    return single.empty() ? std::vector<std::string>() : std::vector{std::move(single)};
  }
  std::vector<std::string> values;
  if (!property->value.is_array() || property->value.size() > most_items) {
    refuse(*property, "a list of strings");
    return values;
  }
  for (const Json& value : property->value) {
    if (!value.is_string()) {
      refuse(*property, "a list of strings; export again with ConvertTo-Json -Depth 4");
      return {};
    }
    values.push_back(value.get<std::string>());
  }
  return values;
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
      by_hand(property.name, "not known here; see Microsoft's documentation of what it does");
    }
  }
}

}  // namespace connectord::ctl
