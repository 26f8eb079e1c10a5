#pragma once

#include <string_view>

namespace connectord::config {

// What the tag carries: letters, digits, '-', '_', '.'. Not dots alone, which are no part of a path (RFC 3986, 5.2.4),
// so that the API could not name such a connector. Thread-safe.
bool is_connector_name(std::string_view text);

constexpr std::string_view connector_name_remedy = "write 1 to 100 letters, digits, '-', '_' and '.', not dots alone";

}  // namespace connectord::config
