#pragma once

#include "schema.h"

namespace connectord::config {

// Reports a key that `table` does not have, and which one was probably meant: of this table, or of another.
void report_unknown_key(Reader& reader, const toml::key& key, const Table& table);

}  // namespace connectord::config
