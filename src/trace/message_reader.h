#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "connectord/trace/search.h"
#include "sqlite.h"

namespace connectord::trace {

// What SELECT must name for a MessageReader, of `message m`.
extern const char* const message_columns;
constexpr int mail_from_column = 12;
constexpr int recipients_column = 19;
constexpr int rcpt_to_column = 23;

// Makes messages of rows of the table, with their words and findings looked up.
class MessageReader {
 public:
  explicit MessageReader(sqlite::Database& database);

  // `row` has `message_columns` from its first column on.
  std::shared_ptr<const Message> read(const sqlite::Statement& row);
  // Empty for 0, and for one that is not there.
  const std::string& word(std::int64_t id);

 private:
  const std::string& looked_up(sqlite::Statement& statement, std::unordered_map<std::int64_t, std::string>& known,
                               std::int64_t id);

  sqlite::Statement find_word_;
  sqlite::Statement find_finding_;
  sqlite::Statement find_certificate_;
  std::unordered_map<std::int64_t, std::string> words_;
  std::unordered_map<std::int64_t, std::string> patterns_;
  std::unordered_map<std::int64_t, std::string> certificates_;
};

}  // namespace connectord::trace
