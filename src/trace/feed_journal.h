#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "connectord/trace/feed.h"
#include "sqlite.h"

// The table `feed`, and what the table `state` has of a second place of the trace. All of this throws sqlite::Error.
namespace connectord::trace {

// Stored: do not change.
enum class FeedKind : std::uint8_t { delivery = 0, requeueing = 1, size = 2 };

// Whether there is a second place: as the file says, which another program beside the daemon goes by, or from now on,
// or no more.
enum class FeedChoice : std::uint8_t { as_it_is, on, off };

// Rows that are there when a feed begins are not handed over, nor what becomes of them. Wants no transaction around it.
void choose_feed(sqlite::Database& database, FeedChoice choice);

FeedSource feed_source(sqlite::Database& database);

// Notes what became of messages, where there is a second place. Belongs to one thread; wants a transaction around it.
class FeedJournal {
 public:
  explicit FeedJournal(sqlite::Database& database);

  void add_delivery(std::int64_t message, std::int64_t time, std::int64_t digest);
  void add_requeueing(std::int64_t message, const std::string& queue_id);
  void add_size(std::int64_t message);
  bool is_on() const { return is_on_; }

  // Notes how far the second place has it, and removes some of what it has had for long. True if there is more to
  // remove.
  bool note(const FeedCursor& cursor);
  // Of rows that wait for the second place the oldest that is to be kept for it: all of them, or the newest that take
  // so many bytes. std::nullopt where there is no second place.
  std::optional<std::int64_t> oldest_held(std::uint64_t max_bytes);

 private:
  sqlite::Database& database_;
  bool is_on_ = false;
  sqlite::Statement insert_;
};

}  // namespace connectord::trace
