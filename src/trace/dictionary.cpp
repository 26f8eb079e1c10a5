#include "dictionary.h"

namespace connectord::trace {
namespace {

// So many are kept in memory; the others are looked up in the table.
constexpr std::size_t max_cached = 20'000;

}  // namespace

Dictionary::Dictionary(sqlite::Database& database, const std::string& table, std::int64_t max)
    : database_(database),
      table_(table),
      max_(max),
      find_(database, "SELECT id FROM " + table + " WHERE text = ?1"),
      add_(database, "INSERT INTO " + table + "(text) VALUES (?1)") {
  forget();
}

std::optional<std::int64_t> Dictionary::id_of(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (const auto found = cached_.find(text); found != cached_.end()) return found->second;
  const sqlite::ScopedReset reset(find_);
  std::int64_t id = 0;
  if (find_.bind_text(1, text).step()) {
    id = find_.integer();
  } else {
    if (count_ >= max_) return std::nullopt;
    add_.bind_text(1, text).run();
    id = sqlite3_last_insert_rowid(database_.get());
    ++count_;
  }
  if (cached_.size() >= max_cached) cached_.clear();
  cached_.emplace(text, id);
  return id;
}

void Dictionary::forget() {
  cached_.clear();
  count_ = database_.integer("SELECT count(*) FROM " + table_).value_or(0);
}

}  // namespace connectord::trace
