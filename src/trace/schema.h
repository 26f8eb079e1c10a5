#pragma once

#include <cstdint>
#include <string>

#include "connectord/base/time.h"
#include "sqlite.h"

// The tables of a trace. One file is one trace.
namespace connectord::trace {

// Raise it with each change of the tables, and add the way from the version before to `migrations` in schema.cpp.
constexpr std::int64_t schema_version = 1;

// Volumes and retention go by hours.
using base::hour_ms;

// In the column `outbound_connector` of a message whose recipients leave by different ones; each has its own then.
constexpr std::int64_t several_connectors = -1;

// The number of the last entry of the spool that is in the file; 0 before the first. Throws sqlite::Error.
std::uint64_t spooled_to(sqlite::Database& database);

// Makes the tables in an empty file, or brings those of an earlier version to this one. Throws sqlite::Error, with
// SQLITE_MISUSE for a file that is not for this program: of a later version, or another program's.
void make_ready(sqlite::Database& database, const std::string& path);

// Throws as above where the file is not of this very version.
void check_version(sqlite::Database& database, const std::string& path);

}  // namespace connectord::trace
