#include "volumes.h"

#include <array>
#include <string>

#include "schema.h"

namespace connectord::trace {
namespace {

enum class VolumeColumn : std::uint8_t {
  hour,
  direction,
  connector,
  outbound_connector,
  tls,
  action,
  messages,
  recipients,
  bytes,
};
constexpr auto volume_columns = std::to_array<std::string_view>(
    {"hour", "direction", "connector", "outbound_connector", "tls", "action", "messages", "recipients", "bytes"});

enum class KeyColumn : std::uint8_t { time, direction, connector, outbound_connector, tls, action };
constexpr const char* key_sql =
    "SELECT time, direction, coalesce(connector, 0), coalesce(outbound_connector, 0), coalesce(tls, 0), action "
    "FROM message WHERE id = ?1";

enum class HourColumn : std::uint8_t { hour, first_id, last_id };
constexpr auto hour_columns = std::to_array<std::string_view>({"hour", "first_id", "last_id"});

sqlite::Statement& bind_key(sqlite::Statement& statement, const VolumeKey& key) {
  return statement.bind(VolumeColumn::hour, key.hour)
      .bind(VolumeColumn::direction, key.direction)
      .bind(VolumeColumn::connector, key.connector)
      .bind(VolumeColumn::outbound_connector, key.outbound_connector)
      .bind(VolumeColumn::tls, key.tls)
      .bind(VolumeColumn::action, key.action);
}

}  // namespace

std::optional<VolumeKey> volume_key_of(sqlite::Database& database, std::int64_t message) {
  sqlite::Statement find(database, key_sql);
  if (!find.bind(1, message).step()) return std::nullopt;
  return VolumeKey{.hour = find.integer(KeyColumn::time) / hour_ms,
                   .direction = find.integer(KeyColumn::direction),
                   .connector = find.integer(KeyColumn::connector),
                   .outbound_connector = find.integer(KeyColumn::outbound_connector),
                   .tls = find.integer(KeyColumn::tls),
                   .action = find.integer(KeyColumn::action)};
}

void add_bytes_to_volume(sqlite::Database& database, const VolumeKey& key, std::int64_t bytes) {
  // The parameters have the places of their columns, as in insert_into().
  sqlite::Statement add(database,
                        "UPDATE volume SET bytes = bytes + ?9 WHERE hour = ?1 AND direction = ?2 AND "
                        "connector = ?3 AND outbound_connector = ?4 AND tls = ?5 AND action = ?6");
  bind_key(add, key).bind(VolumeColumn::bytes, bytes).run();
}

void Volumes::add(const VolumeKey& key, const Counted& message) {
  Sums& sums = sums_[key];
  sums.messages += 1;
  sums.recipients += message.recipients;
  sums.bytes += message.bytes;
  Rows& rows = hours_[key.hour];
  if (rows.first == 0) rows.first = message.first_row;
  rows.last = message.first_row + message.recipients - 1;
}

void Volumes::write(sqlite::Database& database) const {
  sqlite::Statement volume(database, sqlite::insert_into("volume", volume_columns) +
                                         " ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, "
                                         "recipients = recipients + excluded.recipients, "
                                         "bytes = bytes + excluded.bytes");
  for (const auto& [key, sums] : sums_) {
    bind_key(volume, key)
        .bind(VolumeColumn::messages, sums.messages)
        .bind(VolumeColumn::recipients, sums.recipients)
        .bind(VolumeColumn::bytes, sums.bytes)
        .run();
  }
  sqlite::Statement hour(database, sqlite::insert_into("hour", hour_columns) +
                                       " ON CONFLICT DO UPDATE SET first_id = min(first_id, excluded.first_id), "
                                       "last_id = max(last_id, excluded.last_id)");
  for (const auto& [number, rows] : hours_) {
    hour.bind(HourColumn::hour, number)
        .bind(HourColumn::first_id, rows.first)
        .bind(HourColumn::last_id, rows.last)
        .run();
  }
}

}  // namespace connectord::trace
