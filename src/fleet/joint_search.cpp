#include "joint_search.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "array_text.h"
#include "connectord/base/ascii_case.h"
#include "connectord/base/time.h"
#include "connectord/trace/row_name.h"
#include "mended_text.h"
#include "trace_batch.h"

namespace connectord::fleet {
namespace {

constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t least_candidates = 50;
constexpr std::size_t most_candidates = 5'000;
constexpr std::size_t most_new_messages = 500;

enum class RecipientColumn : int { place, seq, address, status, status_time, outbound_connector, originals };
constexpr const char* recipients_sql =
    "SELECT w.place, r.seq, r.address, r.status, r.status_time, r.outbound_connector, r.originals "
    "FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::bigint[]) AS "
    "w(place, t, host, first, last) CROSS JOIN LATERAL (SELECT * FROM recipient WHERE t = w.t AND host = w.host AND "
    "seq BETWEEN w.first AND w.last AND t >= $6 AND t <= $7 OFFSET 0) AS r ORDER BY w.place, r.seq DESC";

std::string hex_of(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\\x";
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4U];
    text += digits[static_cast<unsigned char>(c) & 0xfU];
  }
  return text;
}

std::string bytes_of_address(const net::IpAddress& address) {
  const auto& bytes = address.bytes();
  return {bytes.begin() + (address.is_v4() ? 12 : 0), bytes.end()};
}

template <class Enumeration>
std::int64_t value_of(Enumeration value) {
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::string JointPosition::to_string() const {
  return std::to_string(t) + "." + std::to_string(host) + "." + std::to_string(seq);
}

std::optional<JointPosition> JointPosition::parse(const std::string& text) {
  JointPosition made;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::int64_t* part : {&made.t, &made.host, &made.seq}) {
    const auto read = std::from_chars(at, end, *part);
    if (read.ec != std::errc()) return std::nullopt;
    at = read.ptr;
    if (part == &made.seq) break;
    if (at == end || *at != '.') return std::nullopt;
    ++at;
  }
  return at == end ? std::optional(made) : std::nullopt;
}

postgres::Result<trace::Page> JointSearch::run() {
  if (query_.limit == 0) return trace::Page{};
  position_ = {highest, highest, highest};
  if (!query_.cursor.empty()) {
    last_page_ended_ = JointPosition::parse(query_.cursor);
    if (!last_page_ended_) return trace::Page{};
    position_ = *last_page_ended_;
    --position_.seq;
  }
  if (query_.until) position_.t = std::min(position_.t, *query_.until - 1);
  const auto sought = matcher_.sought();
  const auto done = sought.empty() ? scan() : look_up(sought);
  if (!done) return tl::unexpected(done.error());
  if (is_full()) {
    page_.rows.pop_back();
    positions_.pop_back();
    page_.next = positions_.back().to_string();
  }
  return std::move(page_);
}

postgres::Result<std::int64_t> JointSearch::take_new(std::int64_t host, std::int64_t after, std::int64_t last) {
  parameters_ = {host, after + 1, last};
  const auto rows = connection_.execute(
      "SELECT " + message_columns("m.") +
          " FROM message m WHERE m.host = $1 AND m.seq >= coalesce((SELECT seq FROM message WHERE host = $1 AND seq <= "
          "$2 ORDER BY seq DESC LIMIT 1), 0) AND m.seq <= $3" +
          conditions() + " ORDER BY m.seq LIMIT " + std::to_string(most_new_messages),
      parameters_);
  if (!rows) return tl::unexpected(rows.error());
  if (auto taken = take(*rows); !taken) return tl::unexpected(taken.error());
  if (static_cast<std::size_t>(rows->size()) < most_new_messages) return last;
  Restored restored;
  const JointMessage end = joint_message(*rows, rows->size() - 1, restored);
  return std::min(last, end.seq + end.kept.recipients - 1);
}

std::string JointSearch::parameter(postgres::Parameter value) {
  parameters_.push_back(std::move(value));
  return "$" + std::to_string(parameters_.size());
}

// On "m". Those on texts that are compared as they are; the others are for take().
std::string JointSearch::conditions() {
  std::string all;
  const auto add = [&all](const std::string& one) { all += " AND " + one; };
  if (query_.since) add("m.time >= " + parameter(*query_.since));
  if (query_.until) add("m.time < " + parameter(*query_.until));
  if (query_.action) add("m.action = " + parameter(value_of(*query_.action)));
  if (query_.direction) add("m.direction = " + parameter(value_of(*query_.direction)));
  if (query_.was_taken) {
    add("m.action " + std::string(*query_.was_taken ? "IN (" : "NOT IN (") +
        std::to_string(value_of(model::Action::accept)) + ", " + std::to_string(value_of(model::Action::quarantine)) +
        ")");
  }
  if (matcher_.wants_null_sender()) add("m.mail_from IS NULL");
  if (matcher_.wants_rule()) add("m.rules IS NOT NULL");
  if (!query_.queue_id.empty()) {
    const std::string id = parameter(mended(query_.queue_id));
    add("(m.queue_id = " + id +
        " OR EXISTS (SELECT 1 FROM child c WHERE c.t = m.t AND c.host = m.host AND "
        "c.message = m.seq AND c.queue_id = " +
        id + "))");
  }
  if (query_.client) {
    const std::string first = bytes_of_address(query_.client->first());
    const std::string from = parameter(hex_of(first)) + "::bytea";
    const std::string to = parameter(hex_of(bytes_of_address(query_.client->last()))) + "::bytea";
    const std::string length = std::to_string(first.size());
    add("((m.client BETWEEN " + from + " AND " + to + " AND length(m.client) = " + length +
        ") OR (m.original_client BETWEEN " + from + " AND " + to + " AND length(m.original_client) = " + length + "))");
  }
  if (query_.connector == "none") {
    add("m.connector IS NULL");
  } else if (!query_.connector.empty()) {
    const std::string name = "lower(" + parameter(mended(query_.connector)) + ")";
    add("(lower(m.connector) = " + name + " OR lower(m.outbound_connector) = " + name +
        " OR (m.outbound_connector = '*' AND EXISTS (SELECT 1 FROM recipient o WHERE o.t = m.t AND o.host = m.host AND "
        "o.seq >= m.seq AND o.seq < m.seq + m.recipients AND lower(o.outbound_connector) = " +
        name + ")))");
  }
  if (!query_.host.empty()) {
    add("m.host IN (SELECT id FROM host WHERE lower(name) = lower(" + parameter(mended(query_.host)) + "))");
  }
  if (query_.status) {
    add("EXISTS (SELECT 1 FROM recipient s WHERE s.t = m.t AND s.host = m.host AND s.seq >= m.seq AND "
        "s.seq < m.seq + m.recipients AND s.status = " +
        parameter(value_of(*query_.status)) + ")");
  }
  return all;
}

// The table and the column of a term, and what that table calls a message.
JointSearch::Source JointSearch::source_of(const trace::Sought& sought) {
  switch (sought.by) {
    case trace::SoughtBy::message_id:
      return {"message", "message_id_term", "seq", sought.term};
    case trace::SoughtBy::queue_id:
      return {"message", "queue_id_term", "seq", sought.term};
    case trace::SoughtBy::sender:
      return {"message", "sender_term", "seq", sought.term};
    case trace::SoughtBy::sender_domain:
      return {"message", "sender_domain_term", "seq", sought.term};
    case trace::SoughtBy::client:
      return {"message", "client_term", "seq", sought.term};
    case trace::SoughtBy::recipient:
      return {"recipient", "address_term", "message", sought.term};
    case trace::SoughtBy::recipient_domain:
      return {"recipient", "domain_term", "message", sought.term};
    case trace::SoughtBy::rule:
    case trace::SoughtBy::author:
    case trace::SoughtBy::author_domain:
      break;
  }
  return {"term", "term", "seq", sought.term};
}

postgres::Result<> JointSearch::look_up(const std::vector<trace::Sought>& sought) {
  std::vector<Source> sources;
  for (const trace::Sought& one : sought) {
    sources.push_back(source_of(one));
    // What a message has several of is in `term` too.
    if (one.by == trace::SoughtBy::queue_id || one.by == trace::SoughtBy::client) {
      sources.push_back(source_of({trace::SoughtBy::rule, one.term}));
    }
  }
  std::size_t most = std::max(query_.limit + 1, least_candidates);
  for (bool more = true; more && !is_full();) {
    const auto found = find_candidates(sources, most);
    if (!found) return tl::unexpected(found.error());
    more = *found;
    most = std::min(most * 2, most_candidates);
  }
  return {};
}

// In two steps, each of which has one good plan, whatever the server knows of its tables: the newest messages that have
// the term, by its index, and then the rows of these. True where there may be more behind them.
postgres::Result<bool> JointSearch::find_candidates(const std::vector<Source>& sources, std::size_t most) {
  const std::string limit = " LIMIT " + std::to_string(most);
  std::string sql;
  for (const Source& source : sources) {
    const std::string seq(source.seq);
    sql += sql.empty() ? "(" : " UNION (";
    sql += "SELECT t, host, " + seq + " AS seq FROM " + std::string(source.table) + " WHERE " +
           std::string(source.column) + " = " + std::to_string(source.term) + " AND t <= $1 AND (t < $1 OR (host, " +
           seq + ") <= ($2::bigint, $3::bigint))";
    if (query_.since) sql += " AND t >= " + std::to_string(*query_.since - base::day_ms);
    sql += " ORDER BY t DESC, host DESC, " + seq + " DESC" + limit + ")";
  }
  if (sources.size() > 1) sql = "SELECT * FROM (" + sql + ") AS k ORDER BY t DESC, host DESC, seq DESC" + limit;
  const auto keys = connection_.execute(sql, {position_.t, position_.host, position_.seq});
  if (!keys) return tl::unexpected(keys.error());
  if (keys->empty()) return false;
  const int last = keys->size() - 1;
  if (auto taken = take_messages(*keys); !taken) return tl::unexpected(taken.error());
  position_ = {keys->integer(last, 0), keys->integer(last, 1), keys->integer(last, 2) - 1};
  return static_cast<std::size_t>(keys->size()) == most;
}

postgres::Result<> JointSearch::take_messages(const postgres::Rows& keys) {
  std::array<ArrayText, 3> wanted;
  for (int row = 0; row < keys.size(); ++row) {
    for (int column = 0; column < 3; ++column) {
      wanted[static_cast<std::size_t>(column)].add(keys.integer(row, column));
    }
  }
  parameters_ = {wanted[0].finish(), wanted[1].finish(), wanted[2].finish(), keys.integer(keys.size() - 1, 0),
                 keys.integer(0, 0)};
  // One by one, by the index: OFFSET keeps the server from going through all of the tables instead.
  const auto rows = connection_.execute(
      "SELECT " + message_columns("m.") +
          " FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::smallint[], $3::bigint[]) AS u(t, host, seq)) AS k "
          "CROSS JOIN LATERAL (SELECT * FROM message WHERE t = k.t AND host = k.host AND seq = k.seq AND t >= $4 AND "
          "t <= $5 OFFSET 0) AS m WHERE true" +
          conditions() + " ORDER BY m.t DESC, m.host DESC, m.seq DESC",
      parameters_);
  if (!rows) return tl::unexpected(rows.error());
  return take(*rows);
}

// Where nothing is sought by a term: all, by stretches of time that grow, so that few of the tables have a part in the
// usual page.
postgres::Result<> JointSearch::scan() {
  const auto known = connection_.execute(
      "SELECT floor(extract(epoch FROM now()) * 1000)::bigint, coalesce((SELECT max(keep) FROM source), 0)");
  if (!known) return tl::unexpected(known.error());
  const std::int64_t now = known->integer(0, 0);
  const std::int64_t oldest = now - known->integer(0, 1) - 2 * base::day_ms;
  const std::int64_t lowest = std::max(oldest, query_.since ? *query_.since - base::day_ms : oldest);
  position_.t = std::min(position_.t, now + 2 * base::day_ms);
  // Clocks of hosts may be ahead, which the first stretch has too.
  std::int64_t end = std::min(position_.t, now);
  for (std::int64_t stretch = 2 * base::day_ms; !is_full() && end >= lowest; stretch *= 4) {
    const std::int64_t begin = std::max(lowest, end - stretch);
    for (bool more = true; more && !is_full();) {
      const auto taken = take_between(begin);
      if (!taken) return tl::unexpected(taken.error());
      more = *taken;
    }
    end = begin - 1;
    if (position_.t > end) position_ = {end, highest, highest};
  }
  return {};
}

postgres::Result<bool> JointSearch::take_between(std::int64_t begin) {
  const std::size_t most = std::max(query_.limit + 1 - page_.rows.size(), least_candidates);
  parameters_ = {position_.t, position_.host, position_.seq, begin};
  const auto rows = connection_.execute(
      "SELECT " + message_columns("m.") +
          " FROM message m WHERE m.t >= $4 AND m.t <= $1 AND (m.t < $1 OR (m.host, m.seq) <= "
          "($2::bigint, $3::bigint))" +
          conditions() + " ORDER BY m.t DESC, m.host DESC, m.seq DESC LIMIT " + std::to_string(most),
      parameters_);
  if (!rows) return tl::unexpected(rows.error());
  if (auto taken = take(*rows); !taken) return tl::unexpected(taken.error());
  if (static_cast<std::size_t>(rows->size()) < most) return false;
  const int last = rows->size() - 1;
  position_ = {rows->integer(last, 0), rows->integer(last, 1), rows->integer(last, 2) - 1};
  return true;
}

postgres::Result<> JointSearch::take(const postgres::Rows& rows) {
  Restored restored;
  std::vector<JointMessage> messages;
  for (int row = 0; row < rows.size(); ++row) {
    const JointMessage one = joint_message(rows, row, restored);
    if (holds(one.kept)) messages.push_back(one);
  }
  if (messages.empty()) return {};
  return texts_.load(connection_, messages).and_then([&] { return add_rows(messages); });
}

bool JointSearch::holds(const trace::KeptMessage& kept) const {
  const bool has_id = matcher_.message_id().empty() || base::to_lower(kept.message_id) == matcher_.message_id();
  return has_id && matcher_.sender_holds(kept.mail_from) && matcher_.author_holds(kept.from);
}

postgres::Result<> JointSearch::add_rows(const std::vector<JointMessage>& messages) {
  std::vector<std::shared_ptr<const trace::Message>> decoded;
  for (const JointMessage& one : messages) {
    auto message = std::make_shared<trace::Message>(texts_.decode(one));
    message->id = trace::joint_row(one.host, one.seq);
    const auto name = hosts_.find(one.host);
    message->host = name == hosts_.end() ? std::to_string(one.host) : name->second;
    decoded.push_back(matcher_.rules_hold(message->rules) ? std::move(message) : nullptr);
  }
  return rows_of(connection_, messages, decoded, [this](const JointMessage& message, trace::Row row) {
    const std::int64_t seq = trace::row_of_host(row.id);
    const bool was_there = last_page_ended_ && message.t == last_page_ended_->t &&
                           message.host == last_page_ended_->host && seq >= last_page_ended_->seq;
    if (was_there || is_full() || !row_holds(row)) return;
    page_.rows.push_back(std::move(row));
    positions_.push_back({message.t, message.host, seq});
  });
}

bool JointSearch::row_holds(const trace::Row& row) const {
  if (query_.status && row.status != *query_.status) return false;
  if (!query_.connector.empty() && query_.connector != "none" &&
      !base::equals_ignoring_case(row.message->connector, query_.connector) &&
      !base::equals_ignoring_case(row.outbound_connector, query_.connector)) {
    return false;
  }
  return matcher_.recipient_holds(row.rcpt_to);
}

postgres::Result<> rows_of(postgres::Connection& connection, const std::vector<JointMessage>& messages,
                           const std::vector<std::shared_ptr<const trace::Message>>& decoded,
                           const std::function<void(const JointMessage& message, trace::Row row)>& take) {
  std::array<ArrayText, 5> wanted;
  std::int64_t lowest = highest;
  std::int64_t last = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (!decoded[i]) continue;
    wanted[0].add(static_cast<std::int64_t>(i));
    lowest = std::min(lowest, messages[i].t);
    last = std::max(last, messages[i].t);
    wanted[1].add(messages[i].t);
    wanted[2].add(messages[i].host);
    wanted[3].add(messages[i].seq);
    wanted[4].add(messages[i].seq + messages[i].kept.recipients - 1);
  }
  const auto rows = connection.execute(recipients_sql, {wanted[0].finish(), wanted[1].finish(), wanted[2].finish(),
                                                        wanted[3].finish(), wanted[4].finish(), lowest, last});
  if (!rows) return tl::unexpected(rows.error());
  for (int i = 0; i < rows->size(); ++i) {
    const auto number = [&](RecipientColumn column) { return rows->integer(i, static_cast<int>(column)); };
    const auto text = [&](RecipientColumn column) { return rows->string(i, static_cast<int>(column)); };
    const auto place = static_cast<std::size_t>(number(RecipientColumn::place));
    trace::Row row{.id = trace::joint_row(messages.at(place).host, number(RecipientColumn::seq)),
                   .rcpt_to = text(RecipientColumn::address),
                   .status = model::stored_value<trace::Status>(number(RecipientColumn::status)),
                   .status_time = number(RecipientColumn::status_time),
                   .message = decoded.at(place),
                   .outbound_connector = text(RecipientColumn::outbound_connector)};
    const std::string originals = bytes_of(text(RecipientColumn::originals));
    for (const auto& [column, original] : read_originals(originals)) {
      if (static_cast<MendedColumn>(column) == MendedColumn::address) row.rcpt_to = original;
    }
    if (row.outbound_connector.empty()) row.outbound_connector = row.message->outbound_connector;
    take(messages.at(place), std::move(row));
  }
  return {};
}

}  // namespace connectord::fleet
