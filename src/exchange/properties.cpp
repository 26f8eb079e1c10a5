#include "properties.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <span>

#include "connectord/base/ascii_case.h"
#include "connectord/base/json.h"
#include "connectord/base/text.h"
#include "powershell.h"

namespace connectord::exchange {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_text = 200;
constexpr std::size_t max_items = 10'000;

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

// Nothing is decided by these, so a connector does without them.
constexpr std::array<std::string_view, 3> for_people = {"Name", "Comment", "ValidationRecipients"};

constexpr std::string_view deeper = "export again with ConvertTo-Json -Depth 5";
constexpr std::string_view as_texts = "export again with every property as text, as the manual says (exchange.md)";
// Microsoft documents the names of its enumerations, and not their numbers.
constexpr std::string_view names_of_numbers =
    "which name that number stands for is not documented: export again with ConvertTo-Json -EnumsAsStrings (PowerShell "
    "7), or with every property as text, as the manual says (exchange.md)";

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view each) { return base::equals_ignoring_case(each, name); });
}

std::string shown(const Json& value) {
  return base::printable(base::json_text(value), max_text);
}

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
    Property property{name, plain_value(value)};
    if (Property* first = find(name)) {
      property.complaint = first->complaint = "it is there twice, in another spelling; the first one is taken";
    }
    properties_.push_back(std::move(property));
  }
}

Properties::Property* Properties::find(std::string_view name) {
  const auto found = std::find_if(properties_.begin(), properties_.end(),
                                  [name](const Property& each) { return base::equals_ignoring_case(each.name, name); });
  return found == properties_.end() ? nullptr : &*found;
}

bool Properties::has(std::string_view name) const {
  return std::any_of(properties_.begin(), properties_.end(),
                     [name](const Property& each) { return base::equals_ignoring_case(each.name, name); });
}

// One complaint is enough: others are of the same kind.
void Properties::refuse(Property& property, std::string_view wanted, std::string_view hint) {
  if (!property.complaint.empty()) return;
  property.complaint = "it cannot be taken, and should be " + std::string(wanted);
  if (!hint.empty()) property.complaint += "; " + std::string(hint);
}

void Properties::refuse(std::string_view name, std::string_view wanted) {
  if (Property* property = find(name)) refuse(*property, wanted);
}

bool Properties::is_readable(Property& property, std::string_view text) {
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
    if (is_text && base::equals_ignoring_case(property->value.get<std::string>(), truth ? "true" : "false"))
      return truth;
  }
  refuse(*property, "true or false");
  return false;
}

std::optional<std::int64_t> Properties::number(std::string_view name) {
  const std::string text = number_or_text(name);
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc() && read.ptr == text.data() + text.size()) return value;
  if (!text.empty()) refuse(name, "an integer");
  return std::nullopt;
}

std::string Properties::number_or_text(std::string_view name) {
  const Property* property = find(name);
  if (property != nullptr && property->value.is_number_integer()) return base::json_text(property->value);
  return text(name);
}

bool Properties::says(std::string_view name) const {
  return std::any_of(properties_.begin(), properties_.end(), [name](const Property& each) {
    return base::equals_ignoring_case(each.name, name) && !says_nothing(each.value);
  });
}

// A list of one is a string in some exports.
std::vector<std::string> Properties::list(std::string_view name) {
  Property* property = find(name);
  if (property == nullptr || property->value.is_null() || is_empty_text(property->value)) return {};
  // A list that lies too deep becomes one text with spaces; a spreadsheet's has commas.
  if (property->value.is_string() &&
      base::trimmed(property->value.get_ref<const std::string&>()).find_first_of(" \t,") != std::string_view::npos) {
    refuse(*property, "a list with a string for each", deeper);
    return {};
  }
  const Json values = property->value.is_string() ? Json::array({property->value}) : property->value;
  if (!values.is_array() || values.size() > max_items) {
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
    texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<std::string> Properties::list_of(std::string_view name, std::string_view wanted, const Reader& read) {
  std::vector<std::string> taken;
  std::string refused;
  for (const std::string& item : list(name)) {
    if (auto value = read(item)) {
      taken.push_back(std::move(*value));
    } else {
      refused += (refused.empty() ? "" : ", ") + shown(item);
    }
  }
  if (!refused.empty()) {
    Property* property = find(name);
    property->complaint = "without " + base::printable(refused, max_text) + ": it should be " + std::string(wanted);
  }
  return taken;
}

void Properties::report(std::string_view name, Fate fate, std::string words) {
  if (Property* property = find(name)) report(*property, fate, std::move(words));
}

void Properties::report(Property& property, Fate fate, std::string words) {
  if (property.reported) return;
  property.reported = true;
  std::string value = base::json_text(property.value);
  if (!property.complaint.empty()) {
    // Where a part of it was taken, the key that has it is worth knowing.
    const bool is_partial = fate == Fate::taken && property.complaint.starts_with("without ");
    words = is_partial ? words + ", " + property.complaint : property.complaint;
    fate = Fate::by_hand;
  } else if (says_nothing(property.value) && fate == Fate::by_hand) {
    fate = Fate::left;
    words = "it says nothing";
  }
  into_.properties.push_back({property.name, std::move(value), fate, std::move(words)});
}

void Properties::obstruct(std::string why) {
  if (into_.obstacle.empty()) into_.obstacle = std::move(why);
}

bool Properties::is_refused(std::string_view name) const {
  return std::any_of(properties_.begin(), properties_.end(), [name](const Property& each) {
    return base::equals_ignoring_case(each.name, name) && !each.complaint.empty();
  });
}

std::string Properties::refused() const {
  std::string names;
  for (const Property& property : properties_) {
    if (property.complaint.empty() || is_one_of(property.name, for_people)) continue;
    names += (names.empty() ? "" : ", ") + base::printable(property.name);
  }
  return names;
}

void Properties::taken(std::string_view name, std::string key) {
  report(name, Fate::taken, std::move(key));
}

void Properties::left(std::string_view name, std::string why) {
  report(name, Fate::left, std::move(why));
}

void Properties::by_hand(std::string_view name, std::string what) {
  Property* property = find(name);
  const bool is_cut =
      property != nullptr && property->value.is_string() && is_cut_off(property->value.get_ref<const std::string&>());
  if (is_cut) what += "; what stands there was cut off: " + std::string(deeper);
  report(name, Fate::by_hand, std::move(what));
}

void Properties::finish() {
  for (Property& property : properties_) {
    if (property.reported) continue;
    const bool is_bookkeeping = is_one_of(property.name, bookkeeping) || property.name.starts_with("@odata.") ||
                                property.name.starts_with("msExch");
    if (is_bookkeeping) {
      report(property, Fate::left, "Exchange's own bookkeeping");
    } else {
      report(property, Fate::by_hand, "not known here; see Microsoft's documentation of what it does");
    }
  }
}

void Properties::leave_rest(const std::string& why) {
  for (Property& property : properties_) {
    if (!property.reported) report(property, Fate::left, why);
  }
}

}  // namespace connectord::exchange
