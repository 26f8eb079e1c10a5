#pragma once

#include <cstdint>
#include <string>

#include "connectord/base/time.h"
#include "sqlite.h"

// The tables of a trace. One file is one trace.
namespace connectord::trace {

// Raise it with each change of the tables, and add the way from the version before to `migrations` in schema.cpp.
constexpr std::int64_t schema_version = 6;

// Volumes and retention go by hours.
using base::hour_ms;

// In the column `outbound_connector` of a message whose recipients leave by different ones; each recipient's row has
// its own then.
constexpr std::int64_t several_connectors = -1;

// Makes the tables in an empty file, or migrates those of an earlier version to this one. Fails, and changes nothing,
// for a file that is not for this program: of a later version, or another program's.
StoreResult<> make_ready(sqlite::Database& database, const std::string& path);

// Rows up to this one were indexed before messages had terms of their authors; 0 where all have them.
std::int64_t authors_not_indexed_to(sqlite::Database& database);

// Fails where the file is not of this very version.
StoreResult<> check_version(sqlite::Database& database, const std::string& path);

}  // namespace connectord::trace
