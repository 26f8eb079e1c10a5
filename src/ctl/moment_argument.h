#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/trace/moment.h"

namespace connectord::ctl {

// Milliseconds since 1970, now.
std::int64_t now_in_milliseconds();

struct Times {
  std::optional<std::int64_t> since;  // std::nullopt where it is not given
  std::optional<std::int64_t> until;
};

// What --since and --until name. The error names the option and what to write.
tl::expected<Times, std::string> read_times(const std::string& since, const std::string& until,
                                            trace::Zone zone = trace::Zone::local);

}  // namespace connectord::ctl
