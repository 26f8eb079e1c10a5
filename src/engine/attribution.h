#pragma once

#include <boost/container/small_vector.hpp>
#include <optional>
#include <string>
#include <vector>

#include "connectord/engine/policy.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::engine {

// A connector that a fact points to, and the fact.
struct Identification {
  const model::InboundConnector* connector = nullptr;
  model::IdentifiedBy by = model::IdentifiedBy::nothing;
  std::string seen;  // for the finding
};

// Which connector a message belongs to, and who else has a say.
struct Attribution {
  // What counts most first: certificate, then client network, then sender domain. The first is the attribution.
  boost::container::small_vector<Identification, 3> identified;
  // The partners' connectors that name the sender's domain, whatever the message is attributed to.
  boost::container::small_vector<const model::InboundConnector*, 2> partners_of_sender;
  // Set where a fingerprint that is not known might point to this connector instead.
  const model::InboundConnector* undecided = nullptr;

  const model::InboundConnector* connector() const {
    return identified.empty() ? nullptr : identified.front().connector;
  }
};

Attribution attribute(const Policy& policy, const model::Facts& facts);

// True if the connector's machines are ours, and this one is no gateway, whose mail may be anybody's: skip listing does
// not look through it.
bool is_host_of_ours(const model::InboundConnector& connector, const net::IpAddress& address);

// The connector that this address belongs to, and its range: the smallest that contains it. nullptr: none.
struct NetworkOwner {
  const model::InboundConnector* connector = nullptr;
  const net::AddressRange* range = nullptr;
};
NetworkOwner owner_of(const Policy& policy, const net::IpAddress& address);

}  // namespace connectord::engine
