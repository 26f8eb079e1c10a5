#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "connectord/trace/feed.h"
#include "connectord/trace/search.h"
#include "message_columns.h"
#include "sqlite.h"

namespace connectord::trace {

// "SELECT ... FROM message m", for a MessageReader; its columns are those of MessageColumn.
std::string select_messages();

// Makes messages of rows of the table, with their words and findings looked up. Throws sqlite::Error.
class MessageReader {
 public:
  explicit MessageReader(sqlite::Database& database);
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;

  // `row` is of a statement that begins with select_messages().
  std::shared_ptr<const Message> read(const sqlite::Statement& row);
  // The same as it lies there; valid until the statement's next step.
  KeptMessage kept(const sqlite::Statement& row);
  // The rules that such a row has alone.
  std::vector<model::RuleHit> rules(const sqlite::Statement& row);
  // Empty for 0, and for one that is not there.
  const std::string& word(std::int64_t id);

 private:
  const std::string& looked_up(sqlite::Statement& statement, std::unordered_map<std::int64_t, std::string>& known,
                               std::int64_t id);

  sqlite::Statement find_word_;
  sqlite::Statement find_finding_;
  sqlite::Statement find_certificate_;
  const KeptTexts texts_;
  std::unordered_map<std::int64_t, std::string> words_;
  std::unordered_map<std::int64_t, std::string> patterns_;
  std::unordered_map<std::int64_t, std::string> certificates_;
};

}  // namespace connectord::trace
