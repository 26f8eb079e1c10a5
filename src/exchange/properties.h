#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/exchange/exchange.h"

namespace connectord::exchange {

// The properties of one connector of Exchange's; for each one it is reported what became of it. Names are compared
// without regard to case, as PowerShell does.
class Properties {
 public:
  // `object` is a JSON object.
  Properties(const nlohmann::ordered_json& object, ImportedConnector& into);

  bool has(std::string_view name) const;
  // The value as a text, a list of texts or a truth; empty or false where the property is not there, is null, or is of
  // another kind, which is a problem.
  std::string text(std::string_view name);
  std::vector<std::string> list(std::string_view name);
  bool flag(std::string_view name);
  // A number, also one that is written as a text.
  std::optional<std::int64_t> number(std::string_view name);
  // A text, or a number in digits.
  std::string number_or_text(std::string_view name);
  // It is there, and more than null, false or empty.
  bool says(std::string_view name) const;

  // The items of a list of which `read` makes something, as that; each other one is refused. `wanted` is what all
  // should be.
  using Reader = std::function<std::optional<std::string>(const std::string&)>;
  std::vector<std::string> list_of(std::string_view name, std::string_view wanted, const Reader& read);

  // The value is no good, or one item of it; `wanted` is what it should be, "a list of domains". The property is by
  // hand then, whatever else is reported of it.
  void refuse(std::string_view name, std::string_view wanted);

  // What became of it. A property that is not there, or says nothing, is not reported.
  void taken(std::string_view name, std::string key);
  void left(std::string_view name, std::string why);
  void by_hand(std::string_view name, std::string what);
  void warn(std::string text) { into_.warnings.push_back(std::move(text)); }
  // There can be no such connector here; the first reason counts.
  void obstruct(std::string why);

  // All that has not been reported: bookkeeping of Exchange's is left, all else is by hand.
  void finish();
  // The same of an object that has nothing else to do with mail flow: all of it is left.
  void leave_rest(const std::string& why);
  bool is_refused(std::string_view name) const;
  // Which were refused, of those that decide about mail: "SenderDomains, EFUsers".
  std::string refused() const;

 private:
  struct Property {
    std::string name;
    nlohmann::ordered_json value;
    std::string complaint{};  // why it, or a part of it, could not be taken
    bool reported = false;
  };

  Property* find(std::string_view name);
  void report(std::string_view name, Fate fate, std::string words);
  void report(Property& property, Fate fate, std::string words);
  static void refuse(Property& property, std::string_view wanted, std::string_view hint = {});
  static bool is_readable(Property& property, std::string_view text);

  std::vector<Property> properties_;
  ImportedConnector& into_;
};

// Domains of mail, of SenderDomains and RecipientDomains.
struct DomainList {
  std::vector<std::string> domains;
  bool has_costs = false;  // other than 1, which is what Exchange writes by itself
};
DomainList read_domains(Properties& properties, std::string_view name);

// Comments are one line here, of any length.
std::string on_one_line(std::string_view text);

// The parts of an import.
void read_inbound(Properties& properties, nlohmann::ordered_json& connector);
void read_outbound(Properties& properties, const std::vector<std::string>& accepted_domains,
                   nlohmann::ordered_json& connector);
void read_rule(Properties& properties, std::size_t number, nlohmann::ordered_json& rule);
// What belongs into [organization].
void read_organization(Properties& properties, const Organization& organization);
void read_accepted_domain(Properties& properties, const Organization& organization);
// Name, comment, scenario and status, which both have.
void read_common(Properties& properties, nlohmann::ordered_json& connector);

}  // namespace connectord::exchange
