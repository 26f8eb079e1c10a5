#include "postgres_target.h"

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "access.h"
#include "array_text.h"
#include "connectord/base/time.h"
#include "host.h"
#include "schema.h"

namespace connectord::fleet {
namespace {

constexpr std::int64_t days_ahead = 3;
constexpr int days_removed_at_once = 10;

constexpr const char* no_table_or_not_allowed = "23514";
constexpr const char* lock_not_available = "55P03";

enum class StateColumn : int {
  now,
  file,
  epoch,
  base,
  last_row,
  last_time,
  last_report,
  last_word,
  last_finding,
  last_certificate,
  lost,
  rejected,
  least_writer,
};
constexpr const char* state_sql =
    "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint, file, epoch, base, last_row, last_time, "
    "last_report, last_word, last_finding, last_certificate, lost, rejected, (SELECT least_writer FROM schema) FROM "
    "source WHERE host = $1 FOR UPDATE";

constexpr const char* epoch_sql =
    "INSERT INTO source(host, file, epoch, base, last_row, last_report, keep) VALUES ($1, $2, 1, 0, $3, $4, $5) "
    "ON CONFLICT (host) DO UPDATE SET file = excluded.file, epoch = source.epoch + 1, "
    "base = source.base + source.last_row, last_row = excluded.last_row, last_time = NULL, "
    "last_report = excluded.last_report, last_word = 0, last_finding = 0, last_certificate = 0, keep = excluded.keep";

constexpr const char* status_sql =
    "UPDATE recipient r SET status = s.status, status_time = s.status_time "
    "FROM unnest($2::bigint[], $3::bigint[], $4::smallint[], $5::bigint[]) AS s(t, seq, status, status_time) "
    "WHERE r.t = s.t AND r.host = $1 AND r.seq = s.seq";
// Where the clock of this host was wrong, their messages may stand at another time.
constexpr const char* status_at_any_time_sql =
    "UPDATE recipient r SET status = s.status, status_time = s.status_time "
    "FROM unnest($2::bigint[], $3::bigint[], $4::smallint[], $5::bigint[]) AS s(t, seq, status, status_time) "
    "WHERE r.host = $1 AND r.seq = s.seq";

// Only of messages that have none: others came with theirs, and were counted so.
constexpr const char* size_sql =
    "WITH given AS (UPDATE message m SET size = s.size "
    "FROM unnest($2::bigint[], $3::bigint[], $4::bigint[]) AS s(t, seq, size) "
    "WHERE m.t = s.t AND m.host = $1 AND m.seq = s.seq AND m.size IS NULL "
    "RETURNING m.t / 3600000 AS hour, m.direction, coalesce(m.connector, '') AS connector, "
    "coalesce(m.outbound_connector, '') AS outbound_connector, coalesce(m.tls, '') AS tls, m.action, m.size), "
    "sums AS (SELECT hour, direction, connector, outbound_connector, tls, action, sum(size)::bigint AS bytes "
    "FROM given GROUP BY 1, 2, 3, 4, 5, 6) "
    "UPDATE volume v SET bytes = v.bytes + sums.bytes FROM sums WHERE v.hour = sums.hour AND v.host = $1 AND "
    "v.direction = sums.direction AND v.connector = sums.connector AND "
    "v.outbound_connector = sums.outbound_connector AND v.tls = sums.tls AND v.action = sums.action";

constexpr const char* volume_sql =
    "INSERT INTO volume(hour, host, direction, connector, outbound_connector, tls, action, messages, recipients, "
    "bytes) SELECT v.hour, $1, v.direction, v.connector, v.outbound_connector, v.tls, v.action, v.messages, "
    "v.recipients, v.bytes FROM unnest($2::bigint[], $3::smallint[], $4::text[], $5::text[], $6::text[], "
    "$7::smallint[], $8::bigint[], $9::bigint[], $10::bigint[]) AS v(hour, direction, connector, outbound_connector, "
    "tls, action, messages, recipients, bytes) "
    "ON CONFLICT (hour, host, direction, connector, outbound_connector, tls, action) DO UPDATE SET "
    "messages = volume.messages + excluded.messages, recipients = volume.recipients + excluded.recipients, "
    "bytes = volume.bytes + excluded.bytes";

constexpr const char* rule_volume_sql =
    "INSERT INTO rule_volume(hour, host, pattern, messages, recipients, bytes) SELECT v.hour, $1, v.pattern, "
    "v.messages, v.recipients, v.bytes FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], "
    "$6::bigint[]) AS v(hour, pattern, messages, recipients, bytes) ON CONFLICT (hour, host, pattern) DO UPDATE SET "
    "messages = rule_volume.messages + excluded.messages, recipients = rule_volume.recipients + excluded.recipients, "
    "bytes = rule_volume.bytes + excluded.bytes";

constexpr const char* delivery_volume_sql =
    "INSERT INTO delivery_volume(hour, host, protection, deliveries) SELECT v.hour, $1, v.protection, v.deliveries "
    "FROM unnest($2::bigint[], $3::smallint[], $4::bigint[]) AS v(hour, protection, deliveries) "
    "ON CONFLICT (hour, host, protection) DO UPDATE SET deliveries = delivery_volume.deliveries + excluded.deliveries";

constexpr const char* progress_sql =
    "WITH s AS (UPDATE source SET last_row = $2, last_time = nullif($3::bigint, 0), last_report = $4, last_word = $5, "
    "last_finding = $6, last_certificate = $7, lost = lost + $8, rejected = rejected + $9, keep = $10 WHERE host = $1 "
    "RETURNING epoch, base, lost, rejected) "
    "UPDATE host SET epoch = s.epoch, last_seq = s.base + $2, newest_seq = s.base + $11, "
    "newest_time = to_timestamp(nullif($12::bigint, 0) / 1000.0), complete_until = to_timestamp($13::bigint / 1000.0), "
    "dropped = s.lost, trace_error = NULL, last_seen = now() FROM s WHERE id = $1";

constexpr const char* rejected_sql =
    "INSERT INTO rejected(host, epoch, seq, is_report, reason, content) VALUES ($1, $2, $3, $4, $5, $6)";

}  // namespace

PostgresTarget::PostgresTarget(model::Configuration configuration, std::stop_token stop)
    : configuration_(std::move(configuration)), stop_(std::move(stop)) {}

TargetError PostgresTarget::in_words(const postgres::Error& error) {
  const bool is_rejected = error.kind == postgres::Error::Kind::rejected;
  // The same word is for a table's own condition.
  if (is_rejected && error.sqlstate == no_table_or_not_allowed) {
    known_days_.clear();
    ++times_without_table_;
    return {times_without_table_ > 1 ? TargetError::Kind::row : TargetError::Kind::again, error.whole};
  }
  const bool is_row = is_rejected && (error.state_class() == "22" || error.state_class() == "23");
  return {is_row ? TargetError::Kind::row : TargetError::Kind::unavailable, error.whole};
}

TargetResult<> PostgresTarget::connect() {
  if (connection_ && connection_->is_open()) return {};
  connection_.reset();
  has_begun_ = false;
  const auto access = access_of(configuration_, Need::write, stop_);
  if (!access) return tl::unexpected(TargetError{TargetError::Kind::unavailable, access.error()});
  const auto identity = identity_of_host(configuration_);
  if (!identity) return tl::unexpected(TargetError{TargetError::Kind::unavailable, identity.error()});
  auto opened = open_database(*access, Need::write);
  if (!opened) return tl::unexpected(in_words(opened.error()));
  const auto registered = register_host(*opened, *identity);
  if (!registered) return tl::unexpected(in_words(registered.error()));
  host_ = registered->id;
  connection_ = std::move(*opened);
  return {};
}

// For statements about more than rows of the trace: sums that are too large, a condition of somebody else's. No row is
// to blame, and none is put aside for it; all wait until it is mended.
TargetResult<postgres::Rows> PostgresTarget::execute_for_all(const std::string& sql,
                                                             const postgres::Parameters& parameters) {
  return connection_->execute(sql, parameters).map_error([](const postgres::Error& error) {
    return TargetError{TargetError::Kind::unavailable, error.whole};
  });
}

TargetResult<postgres::Rows> PostgresTarget::execute(const std::string& sql, const postgres::Parameters& parameters) {
  return connection_->execute(sql, parameters).map_error([this](const auto& error) { return in_words(error); });
}

// Why the tables are not for this program any more.
TargetError PostgresTarget::leave() {
  const auto checked = check_schema(*connection_, Need::write);
  connection_.reset();
  return checked ? TargetError{TargetError::Kind::unavailable, "the fleet's tables were changed"}
                 : in_words(checked.error());
}

TargetResult<TargetState> PostgresTarget::begin() {
  if (auto connected = connect(); !connected) return tl::unexpected(connected.error());
  if (auto begun = execute("BEGIN"); !begun) return tl::unexpected(begun.error());
  has_begun_ = true;
  const auto rows = execute(state_sql, {host_});
  if (!rows) return tl::unexpected(rows.error());
  TargetState state;
  state.place.host = host_;
  if (rows->empty()) return state;
  const auto number = [&rows](StateColumn column) { return rows->integer(0, static_cast<int>(column)); };
  // The tables may become another version's while this is connected.
  if (number(StateColumn::least_writer) > schema_version) return tl::unexpected(leave());
  state.place.now = number(StateColumn::now);
  state.place.oldest = state.place.now - configuration_.trace->keep.count();
  state.file = rows->string(0, static_cast<int>(StateColumn::file));
  state.place.epoch = static_cast<std::int16_t>(number(StateColumn::epoch));
  state.place.base = number(StateColumn::base);
  state.last_time = number(StateColumn::last_time);
  state.cursor = {.row = number(StateColumn::last_row),
                  .report = number(StateColumn::last_report),
                  .word = number(StateColumn::last_word),
                  .finding = number(StateColumn::last_finding),
                  .certificate = number(StateColumn::last_certificate)};
  state.lost = number(StateColumn::lost);
  state.rejected = number(StateColumn::rejected);
  return begun_ = state;
}

TargetResult<> PostgresTarget::begin_epoch(const std::string& file, const trace::FeedCursor& cursor) {
  const auto done = execute(epoch_sql, {host_, file, cursor.row, cursor.report, configuration_.trace->keep.count()});
  if (!done) return tl::unexpected(done.error());
  return commit();
}

TargetResult<> PostgresTarget::put(TraceBatch& batch, const TargetNote& note) {
  return make_missing_days(batch)
      .and_then([&] { return copy_all(batch); })
      .and_then([&] { return set_statuses(batch); })
      .and_then([&] { return set_sizes(batch); })
      .and_then([&] { return add_volumes(batch); })
      .and_then([&] { return note_progress(note, 0); })
      .and_then([&] { return commit(); });
}

// In transactions of their own. The batch is what is missing as long as nobody else has written for this host
// meanwhile.
TargetResult<> PostgresTarget::make_missing_days(const TraceBatch& batch) {
  std::set<std::int64_t> missing;
  for (const std::int64_t day : batch.days()) {
    if (!known_days_.contains(day)) missing.insert(day);
  }
  if (missing.empty()) return {};
  const TargetState before = begun_;
  roll_back();
  return make_days(missing).and_then([&] { return begin(); }).and_then([&](const TargetState& now) -> TargetResult<> {
    if (now.cursor == before.cursor && now.place.epoch == before.place.epoch) return {};
    return tl::unexpected(TargetError{TargetError::Kind::again, "this host's rows were written by another process"});
  });
}

TargetResult<> PostgresTarget::copy_all(TraceBatch& batch) {
  return copy("dictionary", columns::texts, batch.texts)
      .and_then([&] { return copy("message", columns::messages, batch.messages); })
      .and_then([&] { return copy("recipient", columns::recipients, batch.recipients); })
      .and_then([&] { return copy("term", columns::terms, batch.terms); })
      .and_then([&] { return copy("delivery", columns::deliveries, batch.deliveries); })
      .and_then([&] { return copy("child", columns::children, batch.children); });
}

TargetResult<> PostgresTarget::copy(std::string_view table, std::string_view columns, CopyRows& rows) {
  if (rows.is_empty()) return {};
  const std::string sql =
      "COPY " + std::string(table) + "(" + std::string(columns) + ") FROM STDIN WITH (FORMAT binary)";
  return connection_->begin_copy(sql)
      .and_then([&] { return connection_->put(rows.finish()); })
      .and_then([&] { return connection_->end_copy(); })
      .map([](const postgres::Rows& /*none*/) {})
      .map_error([this](const auto& error) { return in_words(error); });
}

TargetResult<> PostgresTarget::set_statuses(const TraceBatch& batch) {
  if (batch.statuses.empty()) return {};
  std::map<std::int64_t, TraceBatch::Status> by_row;
  for (const TraceBatch::Status& status : batch.statuses) by_row[status.row] = status;
  ArrayText times;
  ArrayText rows;
  ArrayText statuses;
  ArrayText status_times;
  for (const auto& [row, status] : by_row) {
    times.add(status.time);
    rows.add(row);
    statuses.add(static_cast<std::int64_t>(status.status));
    status.status_time == 0 ? status_times.add_null() : status_times.add(status.status_time);
  }
  const postgres::Parameters parameters = {host_, times.finish(), rows.finish(), statuses.finish(),
                                           status_times.finish()};
  const auto set = execute_for_all(status_sql, parameters);
  if (!set) return tl::unexpected(set.error());
  if (set->affected() >= static_cast<std::int64_t>(by_row.size())) return {};
  return execute_for_all(status_at_any_time_sql, parameters).map([](const postgres::Rows& /*none*/) {});
}

TargetResult<> PostgresTarget::set_sizes(const TraceBatch& batch) {
  if (batch.sizes.empty()) return {};
  ArrayText times;
  ArrayText rows;
  ArrayText sizes;
  for (const TraceBatch::Size& size : batch.sizes) {
    times.add(size.time);
    rows.add(size.message);
    sizes.add(size.size);
  }
  return execute_for_all(size_sql, {host_, times.finish(), rows.finish(), sizes.finish()})
      .map([](const postgres::Rows& /*none*/) {});
}

TargetResult<> PostgresTarget::add_volumes(const TraceBatch& batch) {
  std::array<ArrayText, 9> arrays;
  for (const auto& [key, sums] : batch.volumes) {
    const auto& [hour, direction, connector, outbound, tls, action] = key;
    arrays[0].add(hour);
    arrays[1].add(direction);
    arrays[2].add(connector);
    arrays[3].add(outbound);
    arrays[4].add(tls);
    arrays[5].add(action);
    arrays[6].add(sums.messages);
    arrays[7].add(sums.recipients);
    arrays[8].add(sums.bytes);
  }
  std::array<ArrayText, 5> of_rules;
  for (const auto& [key, sums] : batch.rule_volumes) {
    of_rules[0].add(key.first);
    of_rules[1].add(key.second);
    of_rules[2].add(sums.messages);
    of_rules[3].add(sums.recipients);
    of_rules[4].add(sums.bytes);
  }
  const auto add = [this](const char* sql, auto& lists) -> TargetResult<> {
    postgres::Parameters parameters = {host_};
    for (ArrayText& list : lists) parameters.emplace_back(list.finish());
    return execute_for_all(sql, parameters).map([](const postgres::Rows& /*none*/) {});
  };
  if (!batch.volumes.empty()) {
    if (auto added = add(volume_sql, arrays); !added) return added;
  }
  if (!batch.rule_volumes.empty()) {
    if (auto added = add(rule_volume_sql, of_rules); !added) return added;
  }
  std::array<ArrayText, 3> of_deliveries;
  for (const auto& [key, deliveries] : batch.delivery_volumes) {
    of_deliveries[0].add(key.first);
    of_deliveries[1].add(key.second);
    of_deliveries[2].add(deliveries);
  }
  return batch.delivery_volumes.empty() ? TargetResult<>() : add(delivery_volume_sql, of_deliveries);
}

TargetResult<> PostgresTarget::note_progress(const TargetNote& note, std::int64_t rejected) {
  return execute_for_all(progress_sql,
                         {host_, note.cursor.row, note.last_time, note.cursor.report, note.cursor.word,
                          note.cursor.finding, note.cursor.certificate, note.lost, rejected,
                          configuration_.trace->keep.count(), note.newest_row, note.newest_time, note.complete_until})
      .map([](const postgres::Rows& /*none*/) {});
}

TargetResult<> PostgresTarget::reject(const RejectedRow& row, const BatchPlace& place, const TargetNote& note) {
  const auto put = execute(
      rejected_sql, {host_, place.epoch, row.seq, row.is_report, row.reason, postgres::Parameter::bytes(row.content)});
  if (!put) return tl::unexpected(put.error());
  return note_progress(note, 1).and_then([this] { return commit(); });
}

TargetResult<> PostgresTarget::commit() {
  const auto done = execute("COMMIT");
  has_begun_ = false;
  if (!done) return tl::unexpected(done.error());
  times_without_table_ = 0;
  return {};
}

void PostgresTarget::roll_back() {
  if (connection_ && connection_->is_open() && has_begun_) (void)connection_->run("ROLLBACK");
  has_begun_ = false;
}

TargetResult<> PostgresTarget::make_days(const std::set<std::int64_t>& days) {
  for (const std::int64_t day : days) {
    if (const auto made = execute("SELECT make_trace_day($1)", {day}); !made) return tl::unexpected(made.error());
    known_days_.insert(day);
  }
  return {};
}

TargetResult<> PostgresTarget::look_after_tables() {
  if (auto connected = connect(); !connected) return connected;
  const auto now = execute("SELECT floor(extract(epoch FROM now()) * 1000)::bigint");
  if (!now) return tl::unexpected(now.error());
  std::set<std::int64_t> days;
  for (std::int64_t ahead = 0; ahead <= days_ahead; ++ahead) days.insert(now->integer(0, 0) / base::day_ms + ahead);
  if (auto made = make_days(days); !made) return made;
  for (int i = 0; i < days_removed_at_once; ++i) {
    const auto removed = connection_->execute("SELECT remove_trace_day()");
    // Somebody reads that day, or all of them; another time will do.
    if (!removed && removed.error().sqlstate == lock_not_available) return {};
    if (!removed) return tl::unexpected(in_words(removed.error()));
    if (removed->is_null(0, 0)) return {};
  }
  return {};
}

}  // namespace connectord::fleet
