#pragma once

#include "postgres.h"

// The tables that the hosts of a fleet have in common, in a schema "connectord" of their database.
namespace connectord::fleet {

// Raise it with each change of the tables, and add the way from the version before to `migrations` in schema.cpp.
// Changes only add, so that hosts of this version and of the one before run side by side: `least_reader` and
// `least_writer` of each step say which versions of this program can still read and write.
constexpr int schema_version = 1;

// Makes the tables and the roles, or brings them to this version; the version that there was before, 0 for none.
// The connection's role must be able to make roles, or they must be there. Nothing is done where anything fails.
postgres::Result<int> migrate(postgres::Connection& connection);

enum class Need : std::uint8_t { read, write };

// Fails, in words for an administrator, where the tables are not there or not for this program.
postgres::Result<> check_schema(postgres::Connection& connection, Need need);

}  // namespace connectord::fleet
