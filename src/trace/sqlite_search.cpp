#include "sqlite_search.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "encode.h"
#include "merged_terms.h"
#include "schema.h"
#include "state_table.h"

namespace connectord::trace {
namespace {

constexpr std::int64_t highest_number = std::numeric_limits<std::int64_t>::max();

std::int64_t number_of(const std::string& digits) {
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

}  // namespace

SqliteSearch::SqliteSearch(sqlite::Database& database, MessageReader& reader, const Query& query)
    : database_(database),
      reader_(reader),
      query_(query),
      matcher_(query),
      rows_(database, reader, query.status,
            query.after ? RowReader::Order::lowest_first : RowReader::Order::highest_first) {}

Page SqliteSearch::run() {
  if (query_.limit == 0) return {};
  if (!make_conditions()) return {};
  read_bounds();
  if (query_.after) {
    scan_forwards();
  } else {
    // The newest have no postings yet.
    scan_backwards({std::max(numbers_.first, indexed_to_ + 1), numbers_.last});
    const Numbers indexed{numbers_.first, std::min(numbers_.last, indexed_to_)};
    if (const auto sought = matcher_.sought(); !sought.empty()) {
      look_up(sought, indexed);
    } else if (!hours_condition_.empty()) {
      for (const Numbers& hour : chosen_hours()) scan_backwards(hour);
    } else if (query_.status) {
      scan_by_status(indexed);
    } else {
      scan_backwards(indexed);
    }
  }
  if (is_full()) {
    page_.rows.pop_back();
    page_.next = std::to_string(page_.rows.back().id);
  }
  return std::move(page_);
}

// Which numbers can have a time within the range: by the hours of those that are indexed.
void SqliteSearch::read_bounds() {
  indexed_to_ = indexed_to(database_);
  highest_row_ = query_.cursor.empty() ? highest_number : number_of(query_.cursor) - 1;
  numbers_ = {1, highest_row_};
  if (query_.since) {
    const std::string hour = std::to_string(*query_.since / hour_ms);
    numbers_.first =
        database_.integer("SELECT min(first_id) FROM hour WHERE hour >= " + hour).value_or(indexed_to_ + 1);
  }
  if (query_.until) {
    const std::string hour = std::to_string(*query_.until / hour_ms);
    const auto later = database_.integer("SELECT max(last_id) FROM hour WHERE hour > " + hour);
    const auto last = database_.integer("SELECT max(last_id) FROM hour WHERE hour <= " + hour);
    if (later) numbers_.last = std::min(numbers_.last, last.value_or(0));
  }
}

void SqliteSearch::number_condition(const std::string& sql, const std::string& name, std::int64_t value) {
  conditions_ += " AND " + sql + name;
  parameters_.push_back({name, value});
}

// False if nothing can hold.
bool SqliteSearch::make_conditions() {
  if (query_.since) number_condition("m.time >= ", ":since", *query_.since);
  if (query_.until) number_condition("m.time < ", ":until", *query_.until);
  if (query_.action) {
    number_condition("m.action = ", ":action", static_cast<std::int64_t>(*query_.action));
    hours_condition_ += " AND action = :action";
  }
  if (query_.was_taken) {
    const std::string taken = std::to_string(static_cast<int>(model::Action::accept)) + ", " +
                              std::to_string(static_cast<int>(model::Action::quarantine));
    const std::string condition = std::string(*query_.was_taken ? "IN (" : "NOT IN (") + taken + ")";
    conditions_ += " AND m.action " + condition;
    hours_condition_ += " AND action " + condition;
  }
  if (query_.direction) {
    number_condition("m.direction = ", ":direction", static_cast<std::int64_t>(*query_.direction));
    hours_condition_ += " AND direction = :direction";
  }
  if (matcher_.wants_null_sender()) conditions_ += " AND m.mail_from IS NULL";
  if (!matcher_.message_id().empty()) {
    conditions_ += " AND lower(m.message_id) = :message_id";
    parameters_.push_back({":message_id", {}, matcher_.message_id()});
  }
  if (!query_.queue_id.empty()) {
    conditions_ +=
        " AND (m.queue_id = :queue_id OR EXISTS (SELECT 1 FROM child WHERE message = m.id AND queue_id = :queue_id))";
    parameters_.push_back({":queue_id", {}, query_.queue_id});
  }
  if (matcher_.wants_rule()) conditions_ += " AND m.rules IS NOT NULL";
  add_client();
  return add_connector();
}

void SqliteSearch::add_client() {
  if (!query_.client) return;
  conditions_ +=
      " AND ((m.client BETWEEN :first AND :last AND length(m.client) = :length) OR "
      "(m.original_client BETWEEN :first AND :last AND length(m.original_client) = :length))";
  const std::string first = address_bytes(query_.client->first());
  parameters_.push_back({":first", {}, first, true});
  parameters_.push_back({":last", {}, address_bytes(query_.client->last()), true});
  parameters_.push_back({":length", static_cast<std::int64_t>(first.size())});
}

bool SqliteSearch::add_connector() {
  if (query_.connector.empty()) return true;
  if (query_.connector == "none") {
    conditions_ += " AND m.connector IS NULL";
    hours_condition_ += " AND connector = 0";
    return true;
  }
  const auto id = word_id(query_.connector);
  if (!id) return false;
  connector_ = reader_.word(*id);
  conditions_ +=
      " AND (m.connector = :connector OR m.outbound_connector = :connector OR (m.outbound_connector = :several AND "
      "EXISTS (SELECT 1 FROM recipient WHERE id >= m.id AND id < m.id + m.recipients AND "
      "outbound_connector = :connector)))";
  hours_condition_ += " AND (connector = :connector OR outbound_connector IN (:connector, :several))";
  parameters_.push_back({":connector", *id});
  parameters_.push_back({":several", several_connectors});
  return true;
}

std::optional<std::int64_t> SqliteSearch::word_id(const std::string& word) {
  for (const char* collation : {"", " COLLATE NOCASE"}) {
    sqlite::Statement find(database_, std::string("SELECT id FROM word WHERE text = ?1") + collation);
    if (find.bind_text(1, word).step()) return find.integer();
  }
  return std::nullopt;
}

// The numbers of the hours that have what is looked for, newest first, none of them twice.
std::vector<SqliteSearch::Numbers> SqliteSearch::chosen_hours() {
  enum class Column : std::uint8_t { first_id, last_id };
  sqlite::Statement find(database_,
                         "SELECT first_id, last_id FROM hour WHERE hour IN (SELECT hour FROM volume WHERE TRUE" +
                             hours_condition_ + ") ORDER BY first_id DESC");
  bind(find);
  std::vector<Numbers> hours;
  std::int64_t end = std::min(numbers_.last, indexed_to_);
  while (find.step()) {
    const Numbers hour{std::max(find.integer(Column::first_id), numbers_.first),
                       std::min(find.integer(Column::last_id), end)};
    if (hour.first > hour.last) continue;
    hours.push_back(hour);
    end = hour.first - 1;
  }
  return hours;
}

sqlite::Statement SqliteSearch::select(const std::string& range_and_order) {
  const auto order = std::min(range_and_order.find(" ORDER"), range_and_order.size());
  sqlite::Statement statement(database_, select_messages() + " WHERE " + range_and_order.substr(0, order) +
                                             conditions_ + range_and_order.substr(order));
  bind(statement);
  return statement;
}

void SqliteSearch::bind(sqlite::Statement& statement) const {
  for (const Parameter& parameter : parameters_) {
    const int place = statement.place_of(parameter.name);
    if (place == 0) continue;
    if (parameter.number) {
      statement.bind(place, *parameter.number);
    } else if (parameter.is_blob) {
      statement.bind_blob(place, parameter.text);
    } else {
      statement.bind_text(place, parameter.text);
    }
  }
}

void SqliteSearch::scan_backwards(Numbers numbers) {
  if (is_full() || numbers.first > numbers.last) return;
  sqlite::Statement scan = select("m.id >= :from AND m.id <= :to ORDER BY m.id DESC");
  scan.bind(scan.place_of(":from"), numbers.first).bind(scan.place_of(":to"), numbers.last);
  while (scan.step()) {
    if (!take(scan)) return;
  }
}

void SqliteSearch::scan_forwards() {
  // From the message on that the row belongs to: it may have more.
  sqlite::Statement owner(database_, "SELECT id FROM message WHERE id <= ?1 ORDER BY id DESC LIMIT 1");
  const std::int64_t first = owner.bind(1, *query_.after).step() ? owner.integer() : *query_.after + 1;
  sqlite::Statement scan = select("m.id >= :from ORDER BY m.id");
  scan.bind(scan.place_of(":from"), first);
  while (scan.step()) {
    if (!take(scan)) return;
  }
}

// Rows of recipients are small, so that going through all of them is quick.
void SqliteSearch::scan_by_status(Numbers numbers) {
  if (is_full()) return;
  sqlite::Statement scan(database_,
                         "SELECT (SELECT max(m.id) FROM message m WHERE m.id <= r.id) FROM recipient r "
                         "WHERE r.id >= ?1 AND r.id <= ?2 AND r.status = ?3 ORDER BY r.id DESC");
  scan.bind(1, numbers.first).bind(2, std::min(highest_row_, indexed_to_));
  scan.bind(3, static_cast<std::int64_t>(*query_.status));
  sqlite::Statement one = select("m.id = :id");
  std::int64_t last = 0;
  while (scan.step()) {
    const std::int64_t id = scan.integer();
    if (id == last || id > numbers.last) continue;
    last = id;
    const sqlite::ScopedReset reset(one);
    one.bind(one.place_of(":id"), id);
    if (one.step() && !take(one)) return;
  }
}

void SqliteSearch::look_up(const std::vector<Sought>& sought, Numbers numbers) {
  std::vector<std::int64_t> terms;
  terms.reserve(sought.size());
  for (const Sought& one : sought) terms.push_back(one.term);
  const bool is_by_author = sought.front().by == SoughtBy::author || sought.front().by == SoughtBy::author_domain;
  is_by_author ? look_up_author(terms, numbers) : look_up(terms, numbers);
}

void SqliteSearch::look_up(const std::vector<std::int64_t>& terms, Numbers numbers) {
  if (is_full() || numbers.first > numbers.last) return;
  const std::int64_t oldest = database_.integer("SELECT min(id) FROM message").value_or(highest_number);
  MergedTerms candidates(database_, terms, numbers.last, std::max(numbers.first, oldest));
  sqlite::Statement one = select("m.id = :id");
  while (const auto id = candidates.next()) {
    const sqlite::ScopedReset reset(one);
    one.bind(one.place_of(":id"), *id);
    if (one.step() && !take(one)) return;
  }
}

// An earlier version left no terms of authors.
void SqliteSearch::look_up_author(const std::vector<std::int64_t>& terms, Numbers numbers) {
  const std::int64_t without = authors_not_indexed_to(database_);
  look_up(terms, {std::max(numbers.first, without + 1), numbers.last});
  scan_backwards({numbers.first, std::min(numbers.last, without)});
}

bool SqliteSearch::rule_holds(const sqlite::Statement& row) const {
  return !matcher_.wants_rule() || matcher_.rules_hold(reader_.rules(row));
}

bool SqliteSearch::take(const sqlite::Statement& row) {
  if (!matcher_.sender_holds(row.text(MessageColumn::mail_from))) return true;
  if (!matcher_.author_holds(row.text(MessageColumn::header_from))) return true;
  // Before the rest of the row is read, which takes longer.
  const bool has_one_recipient = row.integer(MessageColumn::recipients) == 1;
  if (has_one_recipient && !matcher_.recipient_holds(row.text(MessageColumn::rcpt_to))) return true;
  if (!rule_holds(row)) return true;
  return take_recipients(row);
}

bool SqliteSearch::take_recipients(const sqlite::Statement& row) {
  rows_.begin(reader_.read(row), row.text(MessageColumn::rcpt_to),
              {query_.after ? *query_.after + 1 : 0, highest_row_});
  while (auto one = rows_.next()) {
    if (!row_holds(*one)) continue;
    page_.rows.push_back(std::move(*one));
    if (is_full()) return false;
  }
  return true;
}

bool SqliteSearch::row_holds(const Row& row) const {
  if (!connector_.empty() && row.message->connector != connector_ && row.outbound_connector != connector_) return false;
  return matcher_.recipient_holds(row.rcpt_to);
}

}  // namespace connectord::trace
