#pragma once

#include "connectord/fleet/database.h"
#include "postgres.h"

// The tables generation and current.
namespace connectord::fleet {

// The channel on which each change is notified. That is a hint only: the number in the table is the truth.
inline constexpr const char* generation_channel = "connectord_generation";

// Which one counts for a host. The number alone would not do: a database that was restored from a backup gives numbers
// anew.
struct WantedGeneration {
  std::int64_t n = 0;
  std::string sha256;
};
postgres::Result<WantedGeneration> generation_for(postgres::Connection& connection, std::int16_t host);
postgres::Result<Current> current_generation(postgres::Connection& connection);
// With its document, which is as it was when it was made: looked at by its digest. An error of the kind `refused` where
// it is not, or there is no such generation.
postgres::Result<Generation> read_generation(postgres::Connection& connection, std::int64_t n);

}  // namespace connectord::fleet
