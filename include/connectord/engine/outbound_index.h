#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/engine/index.h"
#include "connectord/model/configuration.h"

namespace connectord::engine {

// Connectors by the senders that they are for. Built once, then read only and thread-safe.
class SenderIndex {
 public:
  // How closely a whole address names a sender; domains do as DomainIndex has it.
  static constexpr unsigned address_specificity = DomainIndex::exact_specificity + 1;

  void add(const model::OutboundConnector& connector, ConnectorNumber number);
  bool empty() const { return addresses_.empty() && !has_domains_; }

  // Calls back with a connector and how closely it names the sender, from the most specific to the least. Nobody names
  // the null sender, and a sender without a domain. `sender` is without angle brackets, quoted or not.
  template <class Visit>
  void visit(std::string_view sender, Visit&& visit) const {
    const auto at = sender.rfind('@');
    if (empty() || at == std::string_view::npos) return;
    const auto domain = net::normalize_domain(sender.substr(at + 1));
    if (!domain) return;
    if (const auto found = addresses_.find(key_of(sender.substr(0, at), *domain)); found != addresses_.end()) {
      for (const ConnectorNumber number : found->second) visit(number, address_specificity);
    }
    domains_.visit(*domain, visit);
  }

  // One form for a local part in quotes or not, in upper or lower case. `domain` must be normalized.
  static std::string key_of(std::string_view local_part, std::string_view domain);

 private:
  StringMap<Connectors> addresses_;
  DomainIndex domains_;
  bool has_domains_ = false;
};

// How a route and the protection of a next hop are found without looking at all outbound connectors. Holds the enabled
// ones of one configuration. Built once, then read only and thread-safe.
class OutboundIndex {
 public:
  explicit OutboundIndex(const model::Configuration& configuration);

  std::optional<ConnectorNumber> named(std::string_view name) const { return find(names_, name); }
  // Connectors for mail of any origin and any sender, by recipient domain.
  const DomainIndex& of_any_origin() const { return of_any_origin_; }
  // Connectors for mail of certain senders.
  const SenderIndex& by_sender() const { return by_sender_; }
  // True if the sender alone chooses one of these.
  bool has_senders_alone() const { return has_senders_alone_; }
  // The destinations of a connector that is for certain senders.
  const DomainIndex& destinations_of(ConnectorNumber number) const { return destinations_of_.at(number); }
  // Connectors for mail that came in over that inbound connector; nullptr if there is none.
  const DomainIndex* of_tag(std::string_view tag) const {
    const auto found = of_tag_.find(tag);
    return found == of_tag_.end() ? nullptr : &found->second;
  }
  // The one connector for mail that came in over that inbound connector, if there is no other and it is for all
  // domains.
  std::optional<ConnectorNumber> by_tag_alone(std::string_view tag) const {
    const auto found = by_tag_alone_.find(tag);
    return found == by_tag_alone_.end() ? std::nullopt : found->second;
  }
  // The first that has this smart host, in Postfix's notation, and no delivery service of its own.
  std::optional<ConnectorNumber> with_smart_host(std::string_view next_hop) const {
    return find(smart_hosts_, next_hop);
  }
  // The one that has this host among its smart hosts, whatever the port, and shows it a certificate of ours; no scoped
  // one, since a mail server that asks so knows the host alone. Empty where several show different ones.
  struct CertificateOwner {
    std::optional<ConnectorNumber> connector;
  };
  const CertificateOwner* certificate_for_host(std::string_view host) const {
    const auto found = certificate_hosts_.find(host);
    return found == certificate_hosts_.end() ? nullptr : &found->second;
  }
  // Connectors without smart hosts and without a delivery service of their own, whatever mail they are for.
  const DomainIndex& by_mx() const { return by_mx_; }
  // True if what destinations publish about their TLS counts for some mail; the configuration would walk all
  // connectors.
  bool asks_destinations() const { return asks_destinations_; }
  // This host's own name, normalized; std::nullopt where it is no domain name.
  const std::optional<std::string>& host_name() const { return host_name_; }

 private:
  static std::optional<ConnectorNumber> find(const StringMap<ConnectorNumber>& map, std::string_view key) {
    const auto found = map.find(key);
    return found == map.end() ? std::nullopt : std::optional(found->second);
  }
  void add(const model::OutboundConnector& connector, ConnectorNumber number);
  void add_certificate(const std::vector<model::OutboundConnector>& connectors, ConnectorNumber number);

  StringMap<ConnectorNumber> names_;
  DomainIndex of_any_origin_;
  SenderIndex by_sender_;
  bool has_senders_alone_ = false;
  bool asks_destinations_ = false;
  boost::unordered_flat_map<ConnectorNumber, DomainIndex> destinations_of_;
  StringMap<DomainIndex> of_tag_;
  StringMap<std::optional<ConnectorNumber>> by_tag_alone_;  // empty where the tag does not suffice
  StringMap<ConnectorNumber> smart_hosts_;
  StringMap<CertificateOwner> certificate_hosts_;
  DomainIndex by_mx_;
  std::optional<std::string> host_name_;
};

// What a connector is for, with the "*" that an empty list means.
const std::vector<net::DomainPattern>& destinations(const model::OutboundConnector& connector);

}  // namespace connectord::engine
