// Get-OrganizationConfig and Get-AcceptedDomain: what belongs into [organization], which no included file has, so that
// a person writes it there.
#include <algorithm>

#include "connectord/net/domain_name.h"
#include "properties.h"

namespace connectord::exchange {
namespace {

bool is_accepted(const Organization& organization, const net::DomainPattern& wanted) {
  return std::any_of(organization.accepted_domains.begin(), organization.accepted_domains.end(),
                     [&wanted](const std::string& text) {
                       const auto pattern = net::DomainPattern::parse(text);
                       return pattern && pattern->covers(wanted);
                     });
}

}  // namespace

// Of some hundred properties it is the only one that connectors have to do with, so the others are not reported.
void read_organization(Properties& properties, const Organization& organization) {
  const bool rejects = properties.flag("RejectDirectSend");
  if (rejects == organization.reject_direct_send) {
    properties.taken("RejectDirectSend", "organization.reject_direct_send, which is so already");
  } else {
    properties.by_hand("RejectDirectSend", std::string("write reject_direct_send = ") + (rejects ? "true" : "false") +
                                               " into [organization]; it takes accepted_domains too");
  }
}

void read_accepted_domain(Properties& properties, const Organization& organization) {
  const std::string name = properties.text("DomainName");
  const bool below = properties.flag("MatchSubDomains");
  const auto pattern = net::DomainPattern::parse((below ? "*." : "") + name);
  if (name.empty() || name.find('*') != std::string::npos || !pattern) {
    properties.refuse("DomainName", "a domain");
  } else if (is_accepted(organization, *pattern)) {
    properties.taken("DomainName", "organization.accepted_domains, which has it already");
  } else {
    properties.by_hand("DomainName", "write \"" + pattern->to_string() + "\" into accepted_domains of [organization]");
  }
  properties.taken("MatchSubDomains", below ? "\"*.\" before the domain" : "the domain alone");
  const bool is_relayed = properties.text("DomainType") != "Authoritative";
  properties.left("DomainType", is_relayed
                                    ? "an accepted domain all the same; where its mail goes on to another server, an "
                                      "outbound connector names the domain"
                                    : "which recipients there are, the mail server knows");
  properties.leave_rest("nothing about mail flow here");
}

}  // namespace connectord::exchange
