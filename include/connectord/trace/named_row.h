#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/trace/search.h"

namespace connectord::trace {

// The message that somebody means, by one of its rows.
struct NamedRow {
  std::int64_t row = 0;
  std::vector<std::int64_t> others;  // rows of other messages with the same name, the newest first; a few at most
};

// By the number of a row, a queue ID or a Message-ID, in this order; of several messages the newest. std::nullopt where
// there is none. On failure says why the trace cannot be read.
tl::expected<std::optional<NamedRow>, std::string> find_named_row(Archive& archive, const std::string& name);

}  // namespace connectord::trace
