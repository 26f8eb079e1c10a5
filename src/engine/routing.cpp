#include "connectord/engine/routing.h"

#include <algorithm>
#include <optional>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/engine/outbound_index.h"
#include "connectord/net/address_domain.h"

namespace connectord::engine {
namespace {

using model::OutboundConnector;

constexpr std::size_t named_recipients = 5;

// Where mail for it would never go to another host, whoever claims all domains. A name of one label is a host of our
// own domain to a mail server that completes it, "localhost" among them.
bool is_this_host(const Policy& policy, std::string_view domain) {
  return net::is_single_label(domain) || domain == "localhost.localdomain" || policy.outbound().host_name() == domain;
}

// How closely one of our accepted domains names this one: its kind, and the length of its name. The one that lets a
// connector's pattern through most easily: a pattern passes if an accepted pattern covers it.
struct Ownership {
  bool ours = false;
  std::optional<unsigned> widest_subtree;  // specificity of it
};

Ownership ownership_of(const Policy& policy, const Recipient& recipient, std::string_view domain) {
  Ownership found;
  found.ours = recipient.delivered_here || is_this_host(policy, domain);
  policy.index().accepted_domains().visit(domain, [&](ConnectorNumber, unsigned rank) {
    found.ours = true;
    if (rank < DomainIndex::exact_specificity) found.widest_subtree = rank;
  });
  return found;
}

bool may_claim(const Ownership& ownership, unsigned rank) {
  if (!ownership.ours) return true;
  return rank == DomainIndex::exact_specificity || (ownership.widest_subtree && rank >= *ownership.widest_subtree);
}

// A connector, and how closely it names the destination.
struct Claim {
  const OutboundConnector* connector = nullptr;
  unsigned rank = 0;
};

Claim best_claim(const Policy& policy, const DomainIndex& index, const Ownership& ownership, std::string_view domain) {
  Claim found;
  index.visit(domain, [&](ConnectorNumber number, unsigned rank) {
    if (found.connector != nullptr || !may_claim(ownership, rank)) return;
    found = {&policy.configuration().outbound[number], rank};
  });
  return found;
}

const OutboundConnector* best(const Policy& policy, const DomainIndex& index, const Recipient& recipient) {
  const auto domain = net::domain_of_address(recipient.address);
  if (!domain) return nullptr;
  return best_claim(policy, index, ownership_of(policy, recipient, *domain), *domain).connector;
}

// Those that name the sender most closely come first, so only a closer destination takes the place of what is found.
Claim best_of_sender(const Policy& policy, std::string_view sender, const Ownership& ownership,
                     std::string_view domain) {
  Claim found;
  policy.outbound().by_sender().visit(sender, [&](ConnectorNumber number, unsigned) {
    const Claim claim = best_claim(policy, policy.outbound().destinations_of(number), ownership, domain);
    const bool is_closer = claim.connector != nullptr && (found.connector == nullptr || claim.rank > found.rank);
    if (is_closer) found = claim;
  });
  return found;
}

// Only the milter knows both.
bool needs_sender_and_recipient(const OutboundConnector& connector) {
  return connector.is_by_sender() && !connector.is_by_sender_alone();
}

// What is not found recipient by recipient in an MTA's tables.
const OutboundConnector* route_of_message(const Policy& policy, const Origin& origin, const Recipient& recipient) {
  if (const OutboundConnector* by_tag = route_by_tag(policy, origin.tag, recipient)) return by_tag;
  const OutboundConnector* from = route_from(policy, origin.sender, recipient);
  return from != nullptr && needs_sender_and_recipient(*from) ? from : nullptr;
}

bool is_ours(const Policy& policy, const Recipient& recipient) {
  const auto domain = net::domain_of_address(recipient.address);
  return !domain || ownership_of(policy, recipient, *domain).ours;
}

const OutboundConnector* numbered(const Policy& policy, std::optional<ConnectorNumber> number) {
  return number ? &policy.configuration().outbound[*number] : nullptr;
}

}  // namespace

const OutboundConnector* find_outbound(const Policy& policy, std::string_view name) {
  return numbered(policy, policy.outbound().named(name));
}

const OutboundConnector* route_of_any_origin(const Policy& policy, const Recipient& recipient) {
  return best(policy, policy.outbound().of_any_origin(), recipient);
}

const OutboundConnector* route_by_tag(const Policy& policy, std::string_view tag, const Recipient& recipient) {
  const DomainIndex* index = policy.outbound().of_tag(tag);
  return index == nullptr ? nullptr : best(policy, *index, recipient);
}

const OutboundConnector* route_from(const Policy& policy, std::string_view sender, const Recipient& recipient) {
  const auto domain = net::domain_of_address(recipient.address);
  if (!domain) return nullptr;
  const Ownership ownership = ownership_of(policy, recipient, *domain);
  const Claim of_sender = best_of_sender(policy, sender, ownership, *domain);
  const Claim of_any = best_claim(policy, policy.outbound().of_any_origin(), ownership, *domain);
  const bool is_of_sender =
      of_sender.connector != nullptr && (of_any.connector == nullptr || of_sender.rank >= of_any.rank);
  return is_of_sender ? of_sender.connector : of_any.connector;
}

const OutboundConnector* route_by_recipient_alone(const Policy& policy, const Recipient& recipient) {
  const auto domain = net::domain_of_address(recipient.address);
  if (!domain) return nullptr;
  const Claim claim =
      best_claim(policy, policy.outbound().of_any_origin(), ownership_of(policy, recipient, *domain), *domain);
  // What takes everything comes behind the sender, and is the answer by sender where no other is.
  return claim.rank == 0 && policy.outbound().has_senders_alone() ? nullptr : claim.connector;
}

const OutboundConnector* route_by_sender_alone(const Policy& policy, std::string_view sender) {
  if (!policy.outbound().has_senders_alone()) return nullptr;
  const OutboundConnector* alone = nullptr;
  policy.outbound().by_sender().visit(sender, [&](ConnectorNumber number, unsigned) {
    const OutboundConnector& one = policy.configuration().outbound[number];
    if (alone == nullptr && one.is_by_sender_alone()) alone = &one;
  });
  if (alone != nullptr) return alone;
  const OutboundConnector* everything = nullptr;
  policy.outbound().of_any_origin().visit("", [&](ConnectorNumber number, unsigned) {
    if (everything == nullptr) everything = &policy.configuration().outbound[number];
  });
  return everything;
}

const OutboundConnector* route_of(const Policy& policy, const Origin& origin, const Recipient& recipient) {
  const OutboundConnector* by_tag = route_by_tag(policy, origin.tag, recipient);
  return by_tag != nullptr ? by_tag : route_from(policy, origin.sender, recipient);
}

const OutboundConnector* route_by_tag_alone(const Policy& policy, std::string_view tag) {
  const model::Configuration& configuration = policy.configuration();
  // A milter knows the recipients, and says by which connector the message leaves.
  if (configuration.server.milter || !configuration.organization.accepted_domains.empty()) return nullptr;
  return numbered(policy, policy.outbound().by_tag_alone(tag));
}

const OutboundConnector* connector_of_next_hop(const Policy& policy, std::string_view next_hop) {
  const std::string folded = base::to_lower(next_hop);
  if (const auto number = policy.outbound().with_smart_host(folded)) return numbered(policy, number);
  const auto domain = net::normalize_domain(folded);
  return domain ? best(policy, policy.outbound().by_mx(), {"@" + *domain, false}) : nullptr;
}

MessageRoute::Admission MessageRoute::admit(const Recipient& recipient) {
  const OutboundConnector* own = policy_ == nullptr ? nullptr : route_of_message(*policy_, {tag_, sender_}, recipient);
  const bool local = own == nullptr && policy_ != nullptr && is_ours(*policy_, recipient);
  if (recipients_ > 0 && !may_join(own, local)) {
    return send_away(recipient, own);
  }
  ++recipients_;
  has_local_ = has_local_ || local;
  if (connector_ == nullptr) connector_ = own;
  if (own != connector_ || own == nullptr) note_taken_along(recipient.address);
  return {};
}

MessageRoute::Admission MessageRoute::send_away(const Recipient& recipient, const OutboundConnector* own) const {
  const OutboundConnector& leads = connector_ != nullptr ? *connector_ : *own;
  return {.admitted = false,
          .reply = {452, "4.5.3",
                    "Connector " + leads.name + " has a route of its own; send recipients that " +
                        (connector_ != nullptr ? "do not take it" : "take it") + " in another message"},
          .finding = {.check = model::check::outbound_route,
                      .connector = leads.name,
                      .outcome = model::Outcome::temperror,
                      .expected = "recipients that leave as the first one does",
                      .seen = std::string(recipient.address),
                      .hint = "nothing to do: the client sends it again by itself"}};
}

// Local recipients never go along, and others only if no connector that is concerned says otherwise.
bool MessageRoute::may_join(const OutboundConnector* other, bool local) const {
  if (other == connector_) return other == nullptr || !local;
  if (other == nullptr && local) return false;
  if (connector_ == nullptr && has_local_) return false;
  const bool splits =
      (connector_ != nullptr && connector_->split_recipients) || (other != nullptr && other->split_recipients);
  return !splits;
}

void MessageRoute::note_taken_along(std::string_view address) {
  ++taken_along_;
  if (others_.size() < named_recipients) others_.emplace_back(address);
}

void MessageRoute::record(std::vector<model::Finding>& findings) const {
  if (connector_ == nullptr) return;
  findings.push_back({.check = model::check::outbound_route,
                      .connector = connector_->name,
                      .outcome = model::Outcome::pass,
                      .expected = connector_->is_by_sender() ? "mail of " + sender_ + " to the connector's destinations"
                                                             : "mail that came in over " + tag_,
                      .seen = std::to_string(recipients_) + (recipients_ == 1 ? " recipient" : " recipients")});
  if (taken_along_ == 0) return;
  std::string seen = base::joined(others_);
  if (taken_along_ > others_.size()) seen += " and " + std::to_string(taken_along_ - others_.size()) + " more";
  findings.push_back({.check = model::check::outbound_split_recipients,
                      .connector = connector_->name,
                      .outcome = model::Outcome::not_applicable,
                      .expected = "recipients of this route only, and no others taken along",
                      .seen = seen,
                      .hint = "set split_recipients = true if they should leave by their own routes"});
}

}  // namespace connectord::engine
