#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectord/net/domain_name.h"
#include "import_parts.h"

// What the entries of Postfix's tables say of outbound mail, and the connectors that come of them.
namespace connectord::mta {

using Domains = std::set<std::string, std::less<>>;

// Where Postfix sends a message.
struct OutboundWay {
  std::string service{};        // of master.cf
  std::vector<NextHop> hops{};  // none: the MX records of the recipient's domain
};

// What one entry says, before those that say the same become one connector.
struct OutboundItem {
  std::string domain{};    // of recipients; "*" for all of them; empty for a connector by sender
  bool is_below = false;   // the domains below it
  bool is_itself = true;   // the domain itself
  std::string sender{};    // a whole address, or "@domain"
  std::string password{};  // "user:password"
  OutboundWay way{};
  ConnectorKeys tls{};
  std::vector<config::ImportedProperty> properties{};
  std::vector<std::string> warnings{};
  bool is_refused = false;  // not all of it could be taken

  void report(std::string name, std::string_view value, config::Fate fate, std::string words) {
    is_refused = is_refused || fate == config::Fate::by_hand;
    properties.push_back(imported_property(std::move(name), value, fate, std::move(words)));
  }
  std::string pattern() const { return is_below ? "*." + domain : domain; }
};

// A parameter as it counts for that way: a service of master.cf may set it of its own.
std::string setting_of(const PostfixSetup& setup, const OutboundWay& way, const std::string& parameter);

// Our own.
class AcceptedDomains {
 public:
  explicit AcceptedDomains(const std::vector<std::string>& texts);
  bool contains(const std::string& domain) const;

 private:
  std::vector<net::DomainPattern> patterns_;
};

// Items that leave alike become one connector, with a name of its own.
void make_outbound_connectors(std::vector<OutboundItem> items, const PostfixSetup& setup,
                              const AcceptedDomains& accepted, const std::string& secrets, PostfixImport& into);

}  // namespace connectord::mta
