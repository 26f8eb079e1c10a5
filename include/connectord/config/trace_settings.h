#pragma once

#include <optional>
#include <string>

#include "connectord/config/load.h"

namespace connectord::config {

struct TraceSettings {
  std::optional<model::Trace> trace;   // std::nullopt: there is no [trace], or none that can be read
  model::Configuration configuration;  // all of it, where it loads
  bool is_sound = true;                // false: the configuration does not load, and more may be wrong with it
};

// What a configuration says about the message trace, as far as that can be read: whoever looks for a fault looks into
// the trace while the configuration is broken. Holds no state: any thread may call it at any time.
TraceSettings trace_settings(const std::string& path, const Environment& environment);

}  // namespace connectord::config
