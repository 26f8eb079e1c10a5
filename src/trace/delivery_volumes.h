#pragma once

#include <cstdint>
#include <vector>

#include "connectord/trace/report.h"
#include "sqlite.h"

// How many deliveries other hosts took, by what protected them: the table `delivery_volume`. Throws sqlite::Error.
namespace connectord::trace {

class DeliveryCounter {
 public:
  explicit DeliveryCounter(sqlite::Database& database);
  void add(std::int64_t hour, Protection protection);

 private:
  sqlite::Statement add_;
};

// Of the hours from `first` to before `end`. A delivery counts as one message for one recipient; its size is not known.
std::vector<Volume> read_delivery_volumes(sqlite::Database& database, Interval interval, std::int64_t first,
                                          std::int64_t end);

}  // namespace connectord::trace
