#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectord/model/connector.h"

namespace connectord::engine {

// Two inbound connectors that are for the same mail. Both are enabled, and the configuration loads.
struct Overlap {
  enum class Kind : std::uint8_t {
    taken,  // what identifies `connector` identifies `other` too, which comes first and gets that mail
    under,  // mail of `connector` must fulfil the requirements of `other` too, whose sender domains contain its own
  };

  Kind kind = Kind::taken;
  std::string connector;
  std::string other;
  std::string claim;  // "client network 10.0.0.0/8", as the configuration has it; empty for `under`
};

// Each pair once of a kind, in the order of the connectors. Pure. What cannot be loaded is not in it: check tells that.
std::vector<Overlap> find_overlaps(const std::vector<model::InboundConnector>& connectors);

}  // namespace connectord::engine
