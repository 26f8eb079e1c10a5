#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectord/trace/matcher.h"
#include "connectord/trace/search.h"
#include "message_reader.h"
#include "posting_cursor.h"
#include "row_reader.h"
#include "sqlite.h"

namespace connectord::trace {

// One search. It goes through candidates (the messages that have a term, else the hours that have what is wanted, else
// all), and checks for each one whether all conditions hold. Throws sqlite::Error.
class SqliteSearch {
 public:
  SqliteSearch(sqlite::Database& database, MessageReader& reader, const Query& query);
  Page run();

 private:
  using Numbers = RowReader::Numbers;
  struct Parameter {
    std::string name;
    std::optional<std::int64_t> number{};
    std::string text{};
    bool is_blob = false;
  };

  void read_bounds();
  bool make_conditions();
  void number_condition(const std::string& sql, const std::string& name, std::int64_t value);
  bool add_connector();
  void add_client();
  std::optional<std::int64_t> word_id(const std::string& word);
  std::vector<Numbers> chosen_hours();

  sqlite::Statement select(const std::string& range_and_order);
  void bind(sqlite::Statement& statement) const;

  void scan_backwards(Numbers numbers);
  void scan_forwards();
  void scan_by_status(Numbers numbers);
  void look_up(const std::vector<Sought>& sought, Numbers numbers);
  void look_up(const std::vector<std::int64_t>& terms, Numbers numbers);
  void look_up_author(const std::vector<std::int64_t>& terms, Numbers numbers);

  // False when the page is full.
  bool take(const sqlite::Statement& row);
  bool take_recipients(const sqlite::Statement& row);
  bool row_holds(const Row& row) const;
  bool rule_holds(const sqlite::Statement& row) const;
  bool is_full() const { return page_.rows.size() > query_.limit; }

  sqlite::Database& database_;
  MessageReader& reader_;
  const Query& query_;
  const Matcher matcher_;

  std::int64_t indexed_to_ = 0;
  std::int64_t highest_row_ = 0;  // that may be found
  Numbers numbers_;               // of messages that may be found, by their time
  std::string conditions_;
  std::vector<Parameter> parameters_;
  std::string hours_condition_;  // on `volume`
  std::string connector_;        // as it is called in the trace
  RowReader rows_;
  Page page_;
};

}  // namespace connectord::trace
