#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/engine/index.h"
#include "connectord/model/configuration.h"

namespace connectord::engine {

// How a route and the protection of a next hop are found without looking at all outbound connectors. Holds the enabled
// ones of one configuration. Built once, then read only and thread-safe.
class OutboundIndex {
 public:
  explicit OutboundIndex(const model::Configuration& configuration);

  std::optional<ConnectorNumber> named(std::string_view name) const { return find(names_, name); }
  // Connectors for mail of any origin, by recipient domain.
  const DomainIndex& of_any_origin() const { return of_any_origin_; }
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
  // The first that has this smart host, in Postfix's notation.
  std::optional<ConnectorNumber> with_smart_host(std::string_view next_hop) const {
    return find(smart_hosts_, next_hop);
  }
  // Connectors without smart hosts, whatever mail they are for.
  const DomainIndex& by_mx() const { return by_mx_; }
  // This host's own name, normalized; std::nullopt where it is no domain name.
  const std::optional<std::string>& host_name() const { return host_name_; }

 private:
  static std::optional<ConnectorNumber> find(const StringMap<ConnectorNumber>& map, std::string_view key) {
    const auto found = map.find(key);
    return found == map.end() ? std::nullopt : std::optional(found->second);
  }
  void add(const model::OutboundConnector& connector, ConnectorNumber number);

  StringMap<ConnectorNumber> names_;
  DomainIndex of_any_origin_;
  StringMap<DomainIndex> of_tag_;
  StringMap<std::optional<ConnectorNumber>> by_tag_alone_;  // empty where the tag does not suffice
  StringMap<ConnectorNumber> smart_hosts_;
  DomainIndex by_mx_;
  std::optional<std::string> host_name_;
};

// What a connector is for, with the "*" that an empty list means.
const std::vector<net::DomainPattern>& destinations(const model::OutboundConnector& connector);

}  // namespace connectord::engine
