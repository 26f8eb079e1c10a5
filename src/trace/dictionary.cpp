#include "dictionary.h"

namespace connectord::trace {
namespace {

// Of those in memory; the others are looked up.
constexpr std::size_t most_known = 20'000;

}  // namespace

Dictionary::Dictionary(sqlite::Database& database, const std::string& table, std::int64_t most)
    : database_(database),
      table_(table),
      most_(most),
      find_(database, "SELECT id FROM " + table + " WHERE text = ?1"),
      add_(database, "INSERT INTO " + table + "(text) VALUES (?1)") {
  forget();
}

std::optional<std::int64_t> Dictionary::id_of(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (const auto found = known_.find(text); found != known_.end()) return found->second;
  const sqlite::Resetting resetting(find_);
  std::int64_t id = 0;
  if (find_.bind_text(1, text).step()) {
    id = find_.integer(0);
  } else {
    if (count_ >= most_) return std::nullopt;
    add_.bind_text(1, text).run();
    id = sqlite3_last_insert_rowid(database_.get());
    ++count_;
  }
  if (known_.size() >= most_known) known_.clear();
  known_.emplace(text, id);
  return id;
}

void Dictionary::forget() {
  known_.clear();
  count_ = database_.integer("SELECT count(*) FROM " + table_).value_or(0);
}

}  // namespace connectord::trace
