#pragma once

#include <cstdint>
#include <optional>

#include "sqlite.h"

namespace connectord::trace {

// Removes some of the rows that are older than `before`, of those up to `indexed_to`, in a transaction of its own. True
// if there is more to remove. Rows from `held` on stay. Throws sqlite::Error.
bool remove_some(sqlite::Database& database, std::int64_t before, std::int64_t indexed_to,
                 std::optional<std::int64_t> held = std::nullopt);

}  // namespace connectord::trace
