#include "rule_volumes.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "encode.h"
#include "schema.h"
#include "state_table.h"

namespace connectord::trace {
namespace {

enum class SumsColumn : std::uint8_t { hour, rule, messages, recipients, bytes };
constexpr auto sums_columns = std::to_array<std::string_view>({"hour", "rule", "messages", "recipients", "bytes"});

constexpr const char* summed_sql =
    "SELECT hour, rule, messages, recipients, bytes FROM rule_volume WHERE hour >= ?1 AND hour < ?2";

// Those that are in no sums yet.
enum class NewestColumn : std::uint8_t { hour, recipients, size, rules };
constexpr const char* newest_sql =
    "SELECT time / 3600000, recipients, coalesce(size, 0), rules FROM message "
    "WHERE id > ?3 AND rules IS NOT NULL AND time / 3600000 >= ?1 AND time / 3600000 < ?2";

// Sums by time and group.
class GroupedSums {
 public:
  GroupedSums(MessageReader& reader, const ReportQuery& query, std::int64_t first)
      : reader_(reader), query_(query), first_(first) {}

  void add(const RuleVolumeKey& key, const RuleVolumes::Sums& more) {
    Volume& sum = sums_[{begin_of(key.hour), group_of_rule(reader_.word(key.rule), query_.by)}];
    sum.messages += static_cast<std::uint64_t>(more.messages);
    sum.recipients += static_cast<std::uint64_t>(more.recipients);
    sum.bytes += static_cast<std::uint64_t>(more.bytes);
  }

  std::vector<Volume> volumes() const {
    std::vector<Volume> list;
    for (const auto& [key, sum] : sums_) {
      list.push_back({key.first * hour_ms, key.second, sum.messages, sum.recipients, sum.bytes});
    }
    std::stable_sort(list.begin(), list.end(), [](const Volume& a, const Volume& b) {
      return a.time != b.time ? a.time < b.time : a.messages > b.messages;
    });
    return list;
  }

 private:
  std::int64_t begin_of(std::int64_t hour) const {
    constexpr std::int64_t day = 24;
    if (query_.interval == Interval::whole) return first_;
    return query_.interval == Interval::day ? hour / day * day : hour;
  }

  MessageReader& reader_;
  const ReportQuery& query_;
  std::int64_t first_;
  std::map<std::pair<std::int64_t, std::string>, Volume> sums_;
};

}  // namespace

// "mark (audit)", "mark: prepend_subject"
std::string group_of_rule(const std::string& pattern, Grouping by) {
  const auto hit = decode_rule_pattern(pattern);
  if (!hit) return "none";
  if (by == Grouping::rule) return hit->rule;
  return title_of(*hit) + (hit->matched ? actions_of(*hit) : "could not be asked");
}

void RuleVolumes::add(const RuleVolumeKey& key, const Sums& more) {
  Sums& sums = sums_[key];
  sums.messages += more.messages;
  sums.recipients += more.recipients;
  sums.bytes += more.bytes;
}

void RuleVolumes::write(sqlite::Database& database) const {
  if (sums_.empty()) return;
  sqlite::Statement insert(database, sqlite::insert_into("rule_volume", sums_columns) +
                                         " ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, "
                                         "recipients = recipients + excluded.recipients, "
                                         "bytes = bytes + excluded.bytes");
  for (const auto& [key, sums] : sums_) {
    insert.bind(SumsColumn::hour, key.hour)
        .bind(SumsColumn::rule, key.rule)
        .bind(SumsColumn::messages, sums.messages)
        .bind(SumsColumn::recipients, sums.recipients)
        .bind(SumsColumn::bytes, sums.bytes)
        .run();
  }
}

std::vector<std::int64_t> rules_of_message(sqlite::Database& database, std::int64_t message) {
  sqlite::Statement find(database, "SELECT rules FROM message WHERE id = ?1 AND rules IS NOT NULL");
  return find.bind(1, message).step() ? rule_numbers(find.string()) : std::vector<std::int64_t>();
}

std::vector<Volume> read_rule_volumes(sqlite::Database& database, MessageReader& reader, const ReportQuery& query,
                                      std::int64_t first, std::int64_t end) {
  GroupedSums sums(reader, query, first);
  sqlite::Statement summed(database, summed_sql);
  summed.bind(1, first).bind(2, end);
  while (summed.step()) {
    sums.add({summed.integer(SumsColumn::hour), summed.integer(SumsColumn::rule)},
             {summed.integer(SumsColumn::messages), summed.integer(SumsColumn::recipients),
              summed.integer(SumsColumn::bytes)});
  }
  sqlite::Statement newest(database, newest_sql);
  newest.bind(1, first).bind(2, end).bind(3, indexed_to(database));
  while (newest.step()) {
    for (const std::int64_t rule : rule_numbers(newest.text(NewestColumn::rules))) {
      sums.add({newest.integer(NewestColumn::hour), rule},
               {1, newest.integer(NewestColumn::recipients), newest.integer(NewestColumn::size)});
    }
  }
  return sums.volumes();
}

std::vector<std::string> read_rule_names(sqlite::Database& database, MessageReader& reader) {
  std::set<std::int64_t> numbers;
  sqlite::Statement summed(database, "SELECT DISTINCT rule FROM rule_volume");
  while (summed.step()) numbers.insert(summed.integer());
  sqlite::Statement newest(database, "SELECT DISTINCT rules FROM message WHERE id > ?1 AND rules IS NOT NULL");
  newest.bind(1, indexed_to(database));
  while (newest.step()) {
    for (const std::int64_t number : rule_numbers(newest.string())) numbers.insert(number);
  }
  std::set<std::string> names;
  for (const std::int64_t number : numbers) {
    if (auto hit = decode_rule_pattern(reader.word(number))) names.insert(std::move(hit->rule));
  }
  return {names.begin(), names.end()};
}

}  // namespace connectord::trace
