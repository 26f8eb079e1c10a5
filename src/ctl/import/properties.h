#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exchange.h"

namespace connectord::ctl {

// The properties of one connector of Exchange's, of which each is told what became of it. Names are compared without
// regard to case, as PowerShell does.
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

  // The value is no good; `wanted` is what it should be, "a list of domains". Only the first refusal counts.
  void refuse(std::string_view name, std::string_view wanted);

  // What became of it. A property that is not there, or says nothing, is told of by nobody.
  void taken(std::string_view name, std::string key);
  void left(std::string_view name, std::string why);
  void by_hand(std::string_view name, std::string what);
  void warn(std::string text) { into_.warnings.push_back(std::move(text)); }

  // All that nobody has told of: bookkeeping of Exchange's is left, all else is by hand.
  void finish();
  // The first thing that was no good; empty for nothing.
  const std::string& problem() const { return problem_; }

 private:
  struct Property {
    std::string name;
    nlohmann::ordered_json value;
    bool told = false;
  };

  Property* find(std::string_view name);
  void tell(std::string_view name, Fate fate, std::string words);
  void refuse(const Property& property, std::string_view wanted, std::string_view hint = {});
  bool is_readable(const Property& property, std::string_view text);

  std::vector<Property> properties_;
  ImportedConnector& into_;
  std::string problem_;
};

// Domains of mail, of SenderDomains and RecipientDomains.
struct DomainList {
  std::vector<std::string> domains;
  bool has_costs = false;  // other than 1, which is what Exchange writes by itself
};
DomainList read_domains(Properties& properties, std::string_view name);

// The parts of an import.
void read_inbound(Properties& properties, nlohmann::ordered_json& connector);
void read_outbound(Properties& properties, const std::vector<std::string>& accepted_domains,
                   nlohmann::ordered_json& connector);
// Name, comment, scenario and status, which both have.
void read_common(Properties& properties, nlohmann::ordered_json& connector);

}  // namespace connectord::ctl
