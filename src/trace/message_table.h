#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "dictionary.h"
#include "encode.h"
#include "sqlite.h"

namespace connectord::trace {

// Writes the tables `message` and `recipient`, with the texts that their rows share. Belongs to one thread. Throws
// sqlite::Error; wants a transaction around what writes.
class MessageTable {
 public:
  explicit MessageTable(sqlite::Database& database);

  // Returns the number of the message.
  std::int64_t insert(const StoredEntry& entry);
  // The row in `recipient` of a message's only recipient, where it is not there yet.
  void insert_only_recipient(std::int64_t message, Status status);
  // Calls `take` with the number and the address of each row in `recipient` from `first` to `last`.
  void read_recipients(std::int64_t first, std::int64_t last,
                       const std::function<void(std::int64_t, std::string_view)>& take);
  // The number that the next message gets.
  std::int64_t next_id() const { return next_id_; }
  // Forgets what is remembered of a transaction that was rolled back.
  void reload();

 private:
  void insert_recipients(std::int64_t first, const StoredEntry& entry);
  std::string findings_of(const StoredEntry& entry);
  std::string rules_of(const StoredEntry& entry);
  void load_next_id();

  sqlite::Database& database_;
  Dictionary words_;
  Dictionary findings_;
  Dictionary certificates_;
  sqlite::Statement insert_message_;
  sqlite::Statement insert_recipient_;
  sqlite::Statement read_recipients_;
  std::int64_t next_id_ = 1;
};

}  // namespace connectord::trace
