#include "connectord/engine/candidates.h"

#include <algorithm>

#include "attribution.h"
#include "connectord/base/text.h"
#include "connectord/engine/certificate.h"
#include "connectord/engine/index.h"
#include "connectord/engine/outbound_index.h"
#include "connectord/net/address_domain.h"

namespace connectord::engine {
namespace {

using model::IdentifiedBy;
using model::InboundConnector;
using model::OutboundConnector;

std::string_view words_for(IdentifiedBy by) {
  switch (by) {
    case IdentifiedBy::certificate:
      return "client certificate";
    case IdentifiedBy::client_network:
      return "client network";
    case IdentifiedBy::sender_domain:
      return "sender domain";
    case IdentifiedBy::nothing:
      break;
  }
  return "nothing";
}

std::string in_quotes_of(const std::string& name) {
  return "\"" + name + "\"";
}

// What of a connector matches, of the kind that counts most.
struct Ground {
  IdentifiedBy by = IdentifiedBy::nothing;
  std::string text;
};

const net::DomainPattern* closest(const std::vector<net::DomainPattern>& patterns, std::string_view domain) {
  const net::DomainPattern* best = nullptr;
  for (const net::DomainPattern& pattern : patterns) {
    if (!pattern.matches(domain)) continue;
    if (best == nullptr || specificity(pattern) > specificity(*best)) best = &pattern;
  }
  return best;
}

const net::AddressRange* smallest(const std::vector<net::AddressRange>& ranges, const net::IpAddress& address) {
  const net::AddressRange* best = nullptr;
  for (const net::AddressRange& range : ranges) {
    if (range.contains(address) && (best == nullptr || range.span() < best->span())) best = &range;
  }
  return best;
}

Ground ground_of(const InboundConnector& connector, const model::Facts& facts) {
  const model::Identify& identify = connector.identify;
  if (facts.tls && identify.certificate &&
      certificate_matches(*identify.certificate, facts.certificate) == Match::yes) {
    return {IdentifiedBy::certificate, to_string(*identify.certificate)};
  }
  if (facts.client_address) {
    const auto* range = smallest(identify.client_networks, *facts.client_address);
    if (range != nullptr) return {IdentifiedBy::client_network, range->to_string()};
  }
  const std::string& domain = facts.mail_from.domain;
  const auto* pattern = domain.empty() ? nullptr : closest(identify.sender_domains, domain);
  if (pattern != nullptr) return {IdentifiedBy::sender_domain, pattern->to_string()};
  return {};
}

// A connector with the right sender domain that is found by networks or certificates is often thought to be for this
// mail, though not from this client; one without any of it is not.
std::string why_not_claimed(const InboundConnector& connector, const model::Facts& facts) {
  const auto& required = connector.require.client_networks;
  const bool allows = required.empty() || !facts.client_address ||
                      std::any_of(required.begin(), required.end(),
                                  [&](const auto& range) { return range.contains(*facts.client_address); });
  return allows ? "" : "; it allows no mail from this address, either";
}

class Losers {
 public:
  Losers(const Policy& policy, const model::Facts& facts) : facts_(facts), attribution_(attribute(policy, facts)) {}

  // Empty where nothing speaks for it, or it has the message.
  std::string why(const InboundConnector& connector) const {
    if (&connector == attribution_.connector()) return "";
    const Ground claim = ground_of(connector, facts_);
    if (claim.by == IdentifiedBy::nothing) return "";
    const std::string what = "its " + std::string(words_for(claim.by)) + " " + claim.text;
    if (!connector.enabled) return what + " would match, but it is disabled";
    std::string text = what + lost(connector, claim);
    text += why_not_claimed(connector, facts_);
    const auto& partners = attribution_.partners_of_sender;
    const bool holds_all_the_same = std::find(partners.begin(), partners.end(), &connector) != partners.end();
    return text + (holds_all_the_same ? "; what it requires holds all the same, unless a trusted path vouches" : "");
  }

 private:
  std::string lost(const InboundConnector& connector, const Ground& claim) const {
    const auto by_kind = std::find_if(attribution_.identified.begin(), attribution_.identified.end(),
                                      [&](const Identification& one) { return one.by == claim.by; });
    const Identification& winner = attribution_.identified.front();
    if (by_kind == attribution_.identified.end() || by_kind->connector == &connector) {
      return " counts less than the " + std::string(words_for(winner.by)) + " of " +
             in_quotes_of(winner.connector->name);
    }
    const InboundConnector& other = *by_kind->connector;
    const Ground others = ground_of(other, facts_);
    // A claim of a higher kind is shown where the other has one.
    const std::string text = others.by == claim.by ? others.text + " of " : "that of ";
    if (others.by == claim.by && others.text == claim.text) {
      return " is that of " + in_quotes_of(other.name) + " too, whose priority " + std::to_string(other.priority) +
             " comes before " + std::to_string(connector.priority);
    }
    return " is less specific than " + text + in_quotes_of(other.name);
  }

  const model::Facts& facts_;
  Attribution attribution_;
};

std::string only_for(const std::vector<std::string>& tags) {
  return "it is for mail that came in over " + base::joined(tags) + " only";
}

bool names_tag(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "carol@example.net, *.example.org and 7 more"
std::string senders_of(const OutboundConnector& connector) {
  constexpr std::size_t most = 3;
  std::vector<std::string> named = connector.senders;
  for (const net::DomainPattern& pattern : connector.sender_domains) named.push_back(pattern.to_string());
  const std::size_t count = named.size();
  if (count > most) named.resize(most);
  return base::joined(named) + (count > most ? " and " + std::to_string(count - most) + " more" : "");
}

bool is_of(const Policy& policy, std::string_view sender, const OutboundConnector& connector) {
  bool found = false;
  policy.outbound().by_sender().visit(sender, [&](ConnectorNumber number, unsigned) {
    found = found || &policy.configuration().outbound[number] == &connector;
  });
  return found;
}

std::string why_not_routed(const Policy& policy, const OutboundConnector& connector, const net::DomainPattern& pattern,
                           const std::string& domain, const Origin& origin, const OutboundConnector* winner) {
  const std::string what = pattern.to_string();
  if (!connector.enabled) return what + " would match, but it is disabled";
  if (connector.rule_scoped) return "it is for mail that a rule sends along it only";
  if (!connector.inbound_connectors.empty() && !names_tag(connector.inbound_connectors, origin.tag)) {
    return only_for(connector.inbound_connectors);
  }
  if (connector.is_by_sender() && !is_of(policy, origin.sender, connector)) {
    return "it is for mail of " + senders_of(connector) + " only";
  }
  if (winner == nullptr) return "the domain is ours, and " + what + " does not name it as closely as we do";
  if (connector.inbound_connectors.empty() && !winner->inbound_connectors.empty()) {
    return in_quotes_of(winner->name) + " is for mail of " + std::string(origin.tag) +
           ", which counts before mail of any origin";
  }
  const auto* other = closest(destinations(*winner), domain);
  if (other != nullptr && winner->is_by_sender() && specificity(*other) == specificity(pattern)) {
    return in_quotes_of(winner->name) + " is for mail of " + senders_of(*winner) + ", which names the sender " +
           (connector.is_by_sender() ? "more closely" : "too");
  }
  return what + " is less specific than " + (other == nullptr ? "that" : other->to_string()) + " of " +
         in_quotes_of(winner->name);
}

}  // namespace

std::vector<Candidate> losing_inbound(const Policy& policy, const model::Facts& facts, std::size_t most) {
  std::vector<Candidate> found;
  if (!facts.sasl_username.empty() || facts.local_submission) return found;
  const Losers losers(policy, facts);
  for (const InboundConnector& connector : policy.configuration().inbound) {
    if (found.size() == most) break;
    std::string why = losers.why(connector);
    if (!why.empty()) found.push_back({connector.name, std::move(why)});
  }
  return found;
}

std::vector<Candidate> losing_outbound(const Policy& policy, const Origin& origin, const Recipient& recipient,
                                       std::size_t most) {
  std::vector<Candidate> found;
  const auto domain = net::domain_of_address(recipient.address);
  if (!domain) return found;
  const OutboundConnector* winner = route_of(policy, origin, recipient);
  for (const OutboundConnector& connector : policy.configuration().outbound) {
    if (found.size() == most) break;
    if (&connector == winner) continue;
    const auto* pattern = closest(destinations(connector), *domain);
    if (pattern != nullptr) {
      found.push_back({connector.name, why_not_routed(policy, connector, *pattern, *domain, origin, winner)});
    }
  }
  return found;
}

}  // namespace connectord::engine
