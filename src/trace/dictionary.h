#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sqlite.h"

namespace connectord::trace {

// Texts that occur again and again are kept once, in a table with the columns id and text. Throws sqlite::Error.
class Dictionary {
 public:
  // The table holds at most `max` texts.
  Dictionary(sqlite::Database& database, const std::string& table, std::int64_t max);

  // The text's number, which it gets if it has none. std::nullopt for an empty text, and where there are too many.
  std::optional<std::int64_t> id_of(std::string_view text);
  // Call it after a transaction was rolled back.
  void forget();

 private:
  sqlite::Database& database_;
  std::string table_;
  std::int64_t max_;
  std::int64_t count_ = 0;
  sqlite::Statement find_;
  sqlite::Statement add_;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> cached_;
};

}  // namespace connectord::trace
