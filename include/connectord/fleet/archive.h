#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "connectord/model/configuration.h"
#include "connectord/trace/search.h"

namespace connectord::fleet {

enum class TraceScope : std::uint8_t {
  all,        // of the whole fleet, where this host is a member
  this_host,  // what this host has kept itself
};

// The trace that somebody reads on this host: the one place that chooses. In a fleet it is that of all hosts, out of
// the database; each call to which that does not answer is answered from this host's own, and why_this_host_alone()
// says so. `configuration` has a trace. On failure says why, and what to do.
tl::expected<std::unique_ptr<trace::Archive>, std::string> open_trace(const model::Configuration& configuration,
                                                                      TraceScope scope = TraceScope::all);

// True for what Archive::news() of a whole fleet gives as `mark`.
bool is_joint_mark(std::string_view text);

}  // namespace connectord::fleet
