#pragma once

#include <cstdint>
#include <string>

#include "sqlite.h"

// The table `state`: values of a trace as a whole, by name. All of this throws sqlite::Error.
namespace connectord::trace {

// The number of the last row that has postings and volumes; 0 before the first.
std::int64_t indexed_to(sqlite::Database& database);

// The number of the last entry of the spool that is in the file; 0 before the first.
std::uint64_t last_ingested(sqlite::Database& database);

// Writes those values. Belongs to one thread.
class StateTable {
 public:
  explicit StateTable(sqlite::Database& database);

  void set_indexed_to(std::int64_t row);
  void set_last_ingested(std::uint64_t sequence);
  // How far the mail server's log was read, in its reader's own words; empty before the first.
  std::string position();
  void set_position(const std::string& position);
  // Writes, and removes, as much as shows that there is space. Has a transaction of its own.
  void probe();

 private:
  sqlite::Database& database_;
  sqlite::Statement set_;
};

}  // namespace connectord::trace
