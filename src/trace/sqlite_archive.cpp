#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "connectord/trace/feed.h"
#include "connectord/trace/sqlite_store.h"
#include "delivery_volumes.h"
#include "dmarc_scan.h"
#include "file_reader.h"
#include "row_reader.h"
#include "rule_volumes.h"
#include "schema.h"
#include "spool.h"
#include "sqlite.h"
#include "sqlite_search.h"
#include "state_table.h"
#include "word_search.h"

namespace connectord::trace {
namespace {

constexpr std::int64_t hours_of(Interval interval) {
  constexpr std::int64_t hours_a_day = 24;
  return interval == Interval::day ? hours_a_day : 1;
}

// The column of `volume`, and of `message`, by which a report is made.
std::string column_of(Grouping by) {
  switch (by) {
    case Grouping::connector:
      return "connector";
    case Grouping::outbound_connector:
      return "outbound_connector";
    case Grouping::direction:
      return "direction";
    case Grouping::tls:
      return "tls";
    case Grouping::action:
    case Grouping::protection:  // these have tables of their own
    case Grouping::rule:
    case Grouping::rule_action:
      break;
  }
  return "action";
}

enum class AttemptColumn : std::uint8_t {
  queue_id,
  time,
  status,
  relay,
  enhanced,
  tls,
  text,
  delay,
  row,
  address,
  times,
  protection,
};
// The log may know seconds only; of what happened within one, a deferral (status 1) came first, since nothing is tried
// again after a delivery.
static_assert(static_cast<int>(Status::pending) == 1);
constexpr const char* attempts_sql =
    "SELECT queue_id, time, status, relay, enhanced, tls, text, delay, row, address, times, protection FROM delivery "
    "WHERE message = ?1 ORDER BY time, status <> 1";

enum class ChildColumn : std::uint8_t { queue_id, time };
constexpr const char* children_sql = "SELECT queue_id, time FROM child WHERE message = ?1 ORDER BY time";

// Sums of whole hours, and of the newest messages, which are in none of those yet. Our own validations are no volume of
// anybody's, and counted as a direction only.
std::string report_sql(const ReportQuery& query) {
  const std::string column = column_of(query.by);
  const std::string hours = std::to_string(hours_of(query.interval));
  const std::string time = query.interval == Interval::whole ? "?1" : "hour / " + hours + " * " + hours;
  const std::string mail = query.by == Grouping::direction
                               ? ""
                               : " AND direction <> " + std::to_string(static_cast<int>(Direction::validation));
  const std::string indexed = "SELECT hour, " + column +
                              " AS wanted, messages, recipients, bytes FROM volume WHERE hour >= ?1 AND hour < ?2" +
                              mail;
  const std::string newest = "SELECT time / 3600000, coalesce(" + column +
                             ", 0), 1, recipients, coalesce(size, 0) FROM message "
                             "WHERE id > ?3 AND time / 3600000 >= ?1 AND time / 3600000 < ?2" +
                             mail;
  return "SELECT " + time + ", wanted, sum(messages), sum(recipients), sum(bytes) FROM (" + indexed + " UNION ALL " +
         newest + ") GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2";
}
enum class SumColumn : std::uint8_t { time, group, messages, recipients, bytes };

// The same hour by hour, by all that messages are summed up by.
enum class FlowColumn : std::uint8_t {
  hour,
  direction,
  connector,
  outbound_connector,
  tls,
  action,
  messages,
  recipients
};
std::string flows_sql() {
  const std::string mail = " AND direction <> " + std::to_string(static_cast<int>(Direction::validation));
  return "SELECT hour, direction, connector, outbound_connector, tls, action, sum(messages), sum(recipients) FROM ("
         "SELECT hour, direction, connector, outbound_connector, tls, action, messages, recipients FROM volume "
         "WHERE hour >= ?1 AND hour < ?2" +
         mail +
         " UNION ALL SELECT time / 3600000, direction, coalesce(connector, 0), coalesce(outbound_connector, 0), "
         "coalesce(tls, 0), action, 1, recipients FROM message "
         "WHERE id > ?3 AND time / 3600000 >= ?1 AND time / 3600000 < ?2" +
         mail + ") GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1";
}

class SqliteArchive : public Archive {
 public:
  explicit SqliteArchive(std::string path) : path_(path), file_(std::move(path)) {}

  tl::expected<void, std::string> open() { return file_.open().map_error(to_reason); }

  tl::expected<Page, std::string> search(const Query& query) override {
    return read([&] {
      if (!query.word.empty()) return search_by_word(database(), messages(), query);
      return SqliteSearch(database(), messages(), query).run();
    });
  }

  tl::expected<std::optional<MessageTraceDetail>, std::string> detail(std::int64_t row) override {
    return read([&] { return read_detail(row); });
  }

  tl::expected<std::int64_t, std::string> last_row() override {
    return read([&] {
      return database().integer("SELECT id + recipients - 1 FROM message ORDER BY id DESC LIMIT 1").value_or(0);
    });
  }

  tl::expected<Report, std::string> report(const ReportQuery& query) override {
    return read([&] { return read_report(query); });
  }

  tl::expected<std::vector<Flow>, std::string> flows(std::int64_t since, std::int64_t until) override {
    return read([&] { return read_flows(since / hour_ms, (until + hour_ms - 1) / hour_ms); });
  }

  tl::expected<std::vector<std::string>, std::string> connectors() override {
    return read([&] { return read_connectors(); });
  }

  tl::expected<std::vector<std::string>, std::string> rules() override {
    return read([&] { return read_rule_names(database(), messages()); });
  }

  tl::expected<DmarcRowsEnd, std::string> dmarc_rows(const DmarcRows& which, const TakeDmarcRow& take) override {
    return read([&] { return read_dmarc_rows(database(), which, take); });
  }

 private:
  sqlite::Database& database() { return file_.connection().database; }
  MessageReader& messages() { return file_.connection().messages; }

  template <class Read>
  auto read(Read&& read) -> tl::expected<decltype(read()), std::string> {
    const auto wait_for_spool = [this] { ingest_leftover_spool(path_, [this] { return last_ingested(database()); }); };
    return file_.read(wait_for_spool, std::forward<Read>(read)).map_error([](const StoreError& error) {
      return "the trace cannot be read: " + error.reason;
    });
  }

  std::optional<MessageTraceDetail> read_detail(std::int64_t row) {
    sqlite::Statement find(database(), select_messages() + " WHERE m.id <= ?1 ORDER BY m.id DESC LIMIT 1");
    if (!find.bind(1, row).step()) return std::nullopt;
    const auto message = messages().read(find);
    if (row >= message->id + message->recipients) return std::nullopt;
    MessageTraceDetail detail;
    RowReader rows(database(), messages(), std::nullopt, RowReader::Order::lowest_first);
    rows.begin(message, find.text(MessageColumn::rcpt_to), {});
    while (auto one = rows.next()) detail.rows.push_back(std::move(*one));
    read_attempts(message->id, detail);
    sqlite::Statement children(database(), children_sql);
    children.bind(1, message->id);
    while (children.step()) {
      detail.children.push_back({.queue_id = message->queue_id,
                                 .child_queue_id = children.string(ChildColumn::queue_id),
                                 .time = children.integer(ChildColumn::time)});
    }
    return detail;
  }

  void read_attempts(std::int64_t id, MessageTraceDetail& detail) {
    sqlite::Statement find(database(), attempts_sql);
    find.bind(1, id);
    while (find.step()) {
      Attempt& attempt = detail.attempts.emplace_back();
      attempt.row = find.integer(AttemptColumn::row);
      Delivery& delivery = attempt.delivery;
      delivery.queue_id = find.string(AttemptColumn::queue_id);
      delivery.time = find.integer(AttemptColumn::time);
      delivery.status = model::stored_value<Status>(find.integer(AttemptColumn::status));
      delivery.relay = find.string(AttemptColumn::relay);
      delivery.enhanced = find.string(AttemptColumn::enhanced);
      delivery.tls = find.string(AttemptColumn::tls);
      delivery.text = find.string(AttemptColumn::text);
      delivery.delay = find.integer(AttemptColumn::delay);
      delivery.address = find.string(AttemptColumn::address);
      delivery.times = delivery_times_of(find.string(AttemptColumn::times));
      if (const auto protection = find.optional_integer(AttemptColumn::protection)) {
        delivery.protection = model::stored_value<Protection>(*protection);
      }
      const auto row = std::find_if(detail.rows.begin(), detail.rows.end(),
                                    [&attempt](const Row& one) { return one.id == attempt.row; });
      delivery.recipient = row == detail.rows.end() ? delivery.address : row->rcpt_to;
    }
  }

  Report read_report(const ReportQuery& query) {
    Report report;
    const std::int64_t first = query.since / hour_ms;
    const std::int64_t end = (query.until + hour_ms - 1) / hour_ms;
    report.since = first * hour_ms;
    report.until = end * hour_ms;
    if (query.by == Grouping::rule || query.by == Grouping::rule_action) {
      report.volumes = read_rule_volumes(database(), messages(), query, first, end);
      return report;
    }
    if (query.by == Grouping::protection) {
      report.volumes = read_delivery_volumes(database(), query.interval, first, end);
      return report;
    }
    sqlite::Statement sums(database(), report_sql(query));
    sums.bind(1, first).bind(2, end).bind(3, indexed_to(database()));
    while (sums.step()) {
      report.volumes.push_back({.time = sums.integer(SumColumn::time) * hour_ms,
                                .group = group_name(query.by, sums.integer(SumColumn::group)),
                                .messages = static_cast<std::uint64_t>(sums.integer(SumColumn::messages)),
                                .recipients = static_cast<std::uint64_t>(sums.integer(SumColumn::recipients)),
                                .bytes = static_cast<std::uint64_t>(sums.integer(SumColumn::bytes))});
    }
    return report;
  }

  std::vector<Flow> read_flows(std::int64_t first, std::int64_t end) {
    std::vector<Flow> flows;
    sqlite::Statement sums(database(), flows_sql());
    sums.bind(1, first).bind(2, end).bind(3, indexed_to(database()));
    while (sums.step()) {
      Flow& flow = flows.emplace_back();
      flow.time = sums.integer(FlowColumn::hour) * hour_ms;
      flow.direction = model::stored_value<Direction>(sums.integer(FlowColumn::direction));
      flow.connector = name_or_none(sums.integer(FlowColumn::connector));
      flow.outbound_connector = name_or_none(sums.integer(FlowColumn::outbound_connector));
      flow.tls = name_or_none(sums.integer(FlowColumn::tls));
      flow.action = model::stored_value<model::Action>(sums.integer(FlowColumn::action));
      flow.messages = static_cast<std::uint64_t>(sums.integer(FlowColumn::messages));
      flow.recipients = static_cast<std::uint64_t>(sums.integer(FlowColumn::recipients));
    }
    return flows;
  }

  std::string name_or_none(std::int64_t number) {
    if (number == several_connectors) return "several";
    return number == 0 ? std::string() : messages().word(number);
  }

  std::vector<std::string> read_connectors() {
    sqlite::Statement find(
        database(),
        "WITH fresh AS (SELECT connector, outbound_connector FROM message WHERE id > coalesce((SELECT value FROM state "
        "WHERE name = 'indexed_to'), 0)) SELECT text FROM word WHERE id IN (SELECT connector FROM volume UNION SELECT "
        "outbound_connector FROM volume UNION SELECT connector FROM fresh UNION SELECT outbound_connector FROM fresh)");
    std::vector<std::string> names;
    while (find.step()) names.push_back(find.string());
    return names;
  }

  std::string group_name(Grouping by, std::int64_t number) {
    if (by == Grouping::direction) return std::string(to_string(model::stored_value<Direction>(number)));
    if (by == Grouping::action) return std::string(model::to_string(model::stored_value<model::Action>(number)));
    if (number == several_connectors) return "several";
    const std::string& word = messages().word(number);
    return word.empty() ? "none" : word;
  }

  const std::string path_;
  FileReader file_;
};

}  // namespace

std::optional<DeliveryTimes> delivery_times_of(const std::string& text) {
  std::array<std::int64_t, 4> parts{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::int64_t& part : parts) {
    const auto read = std::from_chars(at, end, part);
    if (read.ec != std::errc()) return std::nullopt;
    at = read.ptr == end ? end : read.ptr + 1;
  }
  return DeliveryTimes{parts[0], parts[1], parts[2], parts[3]};
}

tl::expected<std::unique_ptr<Archive>, std::string> open_sqlite_archive(const std::string& path) {
  auto archive = std::make_unique<SqliteArchive>(path);
  if (auto opened = archive->open(); !opened) {
    const bool names_file = opened.error().starts_with(path);
    return tl::unexpected(names_file ? opened.error() : path + ": " + opened.error());
  }
  return archive;
}

}  // namespace connectord::trace
