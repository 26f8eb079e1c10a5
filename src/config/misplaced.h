#pragma once

#include "schema.h"

namespace connectord::config {

// Tells of a key that `table` doesn't have, and which one was probably meant: of this table, or of another.
void tell_unknown_key(Reader& reader, const toml::key& key, const Table& table);

}  // namespace connectord::config
