#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "connectord/model/connector.h"
#include "connectord/model/outbound.h"

namespace connectord::config {

// A connector in one line, for lists. The views live as long as the connector.
struct ConnectorSummary {
  std::string_view name;
  std::string_view direction;  // "inbound" or "outbound"
  std::string_view scenario;
  bool enabled = true;
  bool audit = false;    // inbound: decides and records only
  std::string far_side;  // inbound: what identifies the sender; outbound: where mail goes; a few, and how many more
  std::string tls;
};

ConnectorSummary summarize(const model::InboundConnector& connector);
ConnectorSummary summarize(const model::OutboundConnector& connector);

// With keys that stay.
nlohmann::ordered_json to_json(const ConnectorSummary& summary);

}  // namespace connectord::config
