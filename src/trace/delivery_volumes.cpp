#include "delivery_volumes.h"

#include <string>

#include "schema.h"

namespace connectord::trace {
namespace {

enum class DeliveriesColumn : std::uint8_t { time, protection, deliveries };

}  // namespace

DeliveryCounter::DeliveryCounter(sqlite::Database& database)
    : add_(database,
           "INSERT INTO delivery_volume(hour, protection, deliveries) VALUES (?1, ?2, 1) "
           "ON CONFLICT DO UPDATE SET deliveries = deliveries + 1") {}

void DeliveryCounter::add(std::int64_t hour, Protection protection) {
  add_.bind(1, hour).bind(2, static_cast<std::int64_t>(protection)).run();
}

std::vector<Volume> read_delivery_volumes(sqlite::Database& database, Interval interval, std::int64_t first,
                                          std::int64_t end) {
  const std::string time = interval == Interval::whole ? "?1" : interval == Interval::day ? "hour / 24 * 24" : "hour";
  sqlite::Statement sums(database, "SELECT " + time +
                                       ", protection, sum(deliveries) FROM delivery_volume WHERE hour >= ?1 AND "
                                       "hour < ?2 GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2");
  sums.bind(1, first).bind(2, end);
  std::vector<Volume> volumes;
  while (sums.step()) {
    const auto number = static_cast<std::uint64_t>(sums.integer(DeliveriesColumn::deliveries));
    const auto protection = model::stored_value<Protection>(sums.integer(DeliveriesColumn::protection));
    volumes.push_back({.time = sums.integer(DeliveriesColumn::time) * hour_ms,
                       .group = std::string(model::word_of(protection)),
                       .messages = number,
                       .recipients = number});
  }
  return volumes;
}

}  // namespace connectord::trace
