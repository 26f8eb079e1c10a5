#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectord/model/configuration.h"
#include "context.h"

namespace connectord::api {

// A connector of either direction: one of the two.
struct Found {
  const model::InboundConnector* inbound = nullptr;
  const model::OutboundConnector* outbound = nullptr;

  Json json() const;
  std::string direction() const { return inbound != nullptr ? "inbound" : "outbound"; }
  const model::Location& location() const { return inbound != nullptr ? inbound->location : outbound->location; }
};

// The connector that the path's {id} and the parameter `direction` name: 404 if there is none, 409 if there are two.
Answered<Found> find_connector(const model::Configuration& configuration, const Call& call);

// Names one state of a connector: an entity tag (RFC 9110, 8.8.3) with its quotes.
std::string etag_of(const Json& connector);

// The value of a parameter that must be one of two words.
Answered<std::optional<std::string>> one_of(const Call& call, const std::string& parameter, std::string_view first,
                                            std::string_view second);

// A connector whole, with its entity tag.
Response connector_response(const Json& connector, unsigned status = 200);

}  // namespace connectord::api
