#include "state_table.h"

namespace connectord::trace {
namespace {

constexpr const char* indexed_to_name = "indexed_to";
constexpr const char* last_ingested_name = "last_ingested";
constexpr const char* position_name = "position";

std::int64_t integer_of(sqlite::Database& database, const char* name) {
  sqlite::Statement find(database, "SELECT value FROM state WHERE name = ?1");
  return find.bind_text(1, name).step() ? find.integer() : 0;
}

}  // namespace

std::int64_t indexed_to(sqlite::Database& database) {
  return integer_of(database, indexed_to_name);
}

std::uint64_t last_ingested(sqlite::Database& database) {
  return static_cast<std::uint64_t>(integer_of(database, last_ingested_name));
}

StateTable::StateTable(sqlite::Database& database)
    : database_(database),
      set_(database,
           "INSERT INTO state(name, value) VALUES (?1,?2) ON CONFLICT(name) DO UPDATE SET value = excluded.value") {}

void StateTable::set_indexed_to(std::int64_t row) {
  set_.bind_text(1, indexed_to_name).bind(2, row).run();
}

void StateTable::set_last_ingested(std::uint64_t sequence) {
  set_.bind_text(1, last_ingested_name).bind(2, static_cast<std::int64_t>(sequence)).run();
}

std::string StateTable::position() {
  sqlite::Statement find(database_, "SELECT value FROM state WHERE name = ?1");
  return find.bind_text(1, position_name).step() ? find.string() : std::string();
}

void StateTable::set_position(const std::string& position) {
  set_.bind_text(1, position_name).bind_text(2, position).run();
}

void StateTable::probe() {
  database_.execute(
      "BEGIN IMMEDIATE; INSERT OR REPLACE INTO state(name, value) VALUES ('probe', zeroblob(65536)); COMMIT;"
      "DELETE FROM state WHERE name = 'probe'");
}

}  // namespace connectord::trace
