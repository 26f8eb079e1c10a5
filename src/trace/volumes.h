#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>

#include "sqlite.h"

// How much mail there was: the tables `volume` and `hour`. All of this throws sqlite::Error.
namespace connectord::trace {

// By what `volume` sums up messages; 0 for none.
struct VolumeKey {
  std::int64_t hour = 0;  // since 1970
  std::int64_t direction = 0;
  std::int64_t connector = 0;
  std::int64_t outbound_connector = 0;
  std::int64_t tls = 0;
  std::int64_t action = 0;
  friend auto operator<=>(const VolumeKey&, const VolumeKey&) = default;
};

// std::nullopt where there is no such message.
std::optional<VolumeKey> volume_key_of(sqlite::Database& database, std::int64_t message);

// Adds to what the file has of a message that has been counted already.
void add_bytes_to_volume(sqlite::Database& database, const VolumeKey& key, std::int64_t bytes);

// What some messages add to both tables.
class Volumes {
 public:
  struct Counted {
    std::int64_t first_row = 0;
    std::int64_t recipients = 0;
    std::int64_t bytes = 0;
  };

  void add(const VolumeKey& key, const Counted& message);
  void add_bytes(const VolumeKey& key, std::int64_t bytes) { sums_[key].bytes += bytes; }
  void write(sqlite::Database& database) const;

 private:
  struct Sums {
    std::int64_t messages = 0;
    std::int64_t recipients = 0;
    std::int64_t bytes = 0;
  };
  struct Rows {
    std::int64_t first = 0;
    std::int64_t last = 0;
  };
  std::map<VolumeKey, Sums> sums_;
  std::map<std::int64_t, Rows> hours_;
};

}  // namespace connectord::trace
