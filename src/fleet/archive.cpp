#include "connectord/fleet/archive.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "access.h"
#include "connectord/base/ascii_case.h"
#include "connectord/base/files.h"
#include "connectord/base/mutex.h"
#include "connectord/base/number.h"
#include "connectord/base/time.h"
#include "connectord/fleet/database.h"
#include "connectord/trace/row_name.h"
#include "connectord/trace/sqlite_store.h"
#include "joint_news.h"
#include "joint_search.h"
#include "mended_text.h"
#include "trace_batch.h"

namespace connectord::fleet {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds connecting{2'000};
constexpr milliseconds answering{10'000};
constexpr std::chrono::seconds before_next_try{5};
constexpr std::size_t most_idle = 4;
constexpr std::size_t longest_host_id = 4096;
constexpr const char* too_slow = "57014";
constexpr const char* by_own_numbers = "rows are followed by this host's own numbers";

// Those of this process that nobody uses now. While the database is away, nobody waits for it again and again.
class IdleConnections {
 public:
  postgres::Result<postgres::Connection> take(const model::Configuration& configuration, bool is_fresh) {
    {
      const base::MutexLock lock(mutex_);
      if (Clock::now() < next_try_) return tl::unexpected(last_);
      if (is_fresh) idle_.clear();
      if (!idle_.empty()) {
        auto taken = std::move(idle_.back());
        idle_.pop_back();
        return taken;
      }
    }
    auto made = connect(configuration);
    if (made) return made;
    const base::MutexLock lock(mutex_);
    next_try_ = Clock::now() + before_next_try;
    last_ = made.error();
    return made;
  }

  void give_back(postgres::Connection connection) {
    const base::MutexLock lock(mutex_);
    if (connection.is_open() && idle_.size() < most_idle) idle_.push_back(std::move(connection));
  }

 private:
  using Clock = std::chrono::steady_clock;

  static postgres::Result<postgres::Connection> connect(const model::Configuration& configuration) {
    auto access = access_of(configuration, Need::read);
    if (!access) {
      return tl::unexpected(postgres::Error{.kind = postgres::Error::Kind::refused, .whole = access.error()});
    }
    access->connect_limit = connecting;
    access->statement_limit = answering;
    return open_database(*access, Need::read);
  }

  base::Mutex mutex_;
  std::vector<postgres::Connection> idle_ GUARDED_BY(mutex_);
  Clock::time_point next_try_ GUARDED_BY(mutex_);
  postgres::Error last_ GUARDED_BY(mutex_);
};

IdleConnections& idle_connections() {
  static IdleConnections instance;
  return instance;
}

struct Host {
  std::int16_t id = 0;
  std::string name;
  std::int64_t base = 0;  // of the numbers of its file
  std::int64_t last = 0;  // row of it that is here
  bool is_this = false;
};

struct Hosts {
  std::vector<Host> all;
  std::optional<std::int64_t> complete_until;  // by all that are alive

  JointSearch::HostNames names() const {
    JointSearch::HostNames made;
    for (const Host& host : all) made.emplace(host.id, host.name);
    return made;
  }

  std::vector<HostProgress> progress() const {
    std::vector<HostProgress> made;
    for (const Host& host : all) made.push_back({host.id, host.last});
    return made;
  }
};

enum class HostColumn : int { id, name, uuid, base, complete_until, is_alive, last };
constexpr const char* hosts_sql =
    "SELECT h.id, h.name, h.uuid, coalesce(s.base, 0), floor(extract(epoch FROM h.complete_until) * 1000)::bigint, "
    "h.gone IS NULL AND h.last_seen > now() - make_interval(secs => $1), h.last_seq FROM host h LEFT JOIN source s ON "
    "s.host = "
    "h.id "
    "ORDER BY h.gone IS NOT NULL, h.id";

postgres::Result<Hosts> read_hosts(postgres::Connection& connection, const std::string& own_uuid) {
  const auto rows = connection.execute(hosts_sql, {gone_after});
  if (!rows) return tl::unexpected(rows.error());
  Hosts hosts;
  for (int row = 0; row < rows->size(); ++row) {
    const auto at = [](HostColumn column) { return static_cast<int>(column); };
    hosts.all.push_back({.id = static_cast<std::int16_t>(rows->integer(row, at(HostColumn::id))),
                         .name = rows->string(row, at(HostColumn::name)),
                         .base = rows->integer(row, at(HostColumn::base)),
                         .last = rows->integer(row, at(HostColumn::last)),
                         .is_this = !own_uuid.empty() && rows->text(row, at(HostColumn::uuid)) == own_uuid});
    const auto complete = rows->optional_integer(row, at(HostColumn::complete_until));
    if (!complete || !rows->boolean(row, at(HostColumn::is_alive))) continue;
    hosts.complete_until = std::min(hosts.complete_until.value_or(*complete), *complete);
  }
  return hosts;
}

// Where rows of several searches stand, the newest first.
postgres::Result<trace::Page> search_by_word(postgres::Connection& connection, JointTexts& texts,
                                             const JointSearch::HostNames& hosts, const trace::Query& query) {
  std::map<JointPosition, trace::Row, std::greater<>> found;
  bool is_cut = false;
  for (const trace::Query& reading : trace::readings_of_word(query)) {
    JointSearch search(connection, texts, hosts, reading);
    auto page = search.run();
    if (!page) return page;
    is_cut = is_cut || !page->next.empty();
    for (std::size_t i = 0; i < page->rows.size(); ++i) {
      found.emplace(search.positions().at(i), std::move(page->rows[i]));
    }
  }
  trace::Page page;
  JointPosition last;
  for (auto& [position, row] : found) {
    if (page.rows.size() == query.limit) break;
    page.rows.push_back(std::move(row));
    last = position;
  }
  if ((is_cut || found.size() > page.rows.size()) && !page.rows.empty()) page.next = last.to_string();
  return page;
}

std::string group_name(trace::Grouping by, const std::string& value) {
  const auto number = base::whole_number<std::int64_t>(value).value_or(-1);
  if (by == trace::Grouping::direction) return std::string(to_string(model::stored_value<trace::Direction>(number)));
  if (by == trace::Grouping::action) return std::string(model::to_string(model::stored_value<model::Action>(number)));
  if (by == trace::Grouping::protection) {
    return std::string(model::word_of(model::stored_value<trace::Protection>(number)));
  }
  if (value == trace::several_outbound) return "several";
  return value.empty() ? "none" : value;
}

const char* volume_column(trace::Grouping by) {
  switch (by) {
    case trace::Grouping::connector:
      return "connector";
    case trace::Grouping::outbound_connector:
      return "outbound_connector";
    case trace::Grouping::direction:
      return "direction";
    case trace::Grouping::tls:
      return "tls";
    case trace::Grouping::rule:
    case trace::Grouping::rule_action:
      return "pattern";
    case trace::Grouping::protection:
      return "protection";
    case trace::Grouping::action:
      break;
  }
  return "action";
}

constexpr std::int64_t validations = static_cast<std::int64_t>(trace::Direction::validation);

class FleetArchive : public trace::Archive {
 public:
  explicit FleetArchive(model::Configuration configuration) : configuration_(std::move(configuration)) {
    const auto uuid = base::read_file(configuration_.fleet->state + "/host-id", longest_host_id);
    if (uuid) own_uuid_ = uuid->substr(0, uuid->find('\n'));
  }

  std::string why_this_host_alone() const override { return why_; }

  tl::expected<trace::Page, std::string> search(const trace::Query& query) override {
    // These numbers are this host's, and a page of one trace has no next one in the other.
    if (query.after) return ask_local([&](Archive& local) { return local.search(query); }, by_own_numbers);
    const bool is_next_page = !query.cursor.empty();
    return ask(
        [&](postgres::Connection& connection, const Hosts& hosts) -> postgres::Result<trace::Page> {
          const auto names = hosts.names();
          auto page = query.word.empty() ? JointSearch(connection, texts_, names, query).run()
                                         : search_by_word(connection, texts_, names, query);
          if (page) page->complete_until = hosts.complete_until;
          return page;
        },
        [&](Archive& local) -> tl::expected<trace::Page, std::string> {
          if (is_next_page) return tl::unexpected("the fleet's database is gone in the midst of it: " + why_);
          if (!query.host.empty() && !base::equals_ignoring_case(query.host, host_name_in_fleet(configuration_)))
            return tl::unexpected("the fleet's database is away, and this is not " + query.host + ": " + why_);
          return local.search(query);
        });
  }

  tl::expected<std::optional<trace::MessageTraceDetail>, std::string> detail(std::int64_t row) override {
    return ask(
        [&](postgres::Connection& connection, const Hosts& hosts) { return read_detail(connection, hosts, row); },
        [&](Archive& local) -> tl::expected<std::optional<trace::MessageTraceDetail>, std::string> {
          if (row >= trace::joint_row(1, 0)) return tl::unexpected("the fleet's database is away: " + why_);
          return local.detail(row);
        });
  }

  tl::expected<std::int64_t, std::string> last_row() override {
    return ask_local([](Archive& local) { return local.last_row(); }, by_own_numbers);
  }

  // Who has begun to follow the fleet goes on with that when the database is back, and misses nothing. Who began while
  // it was away follows this host.
  tl::expected<trace::News, std::string> news(const trace::Query& query, const std::string& mark) override {
    if (base::whole_number<std::int64_t>(mark)) {
      return ask_local([&](Archive& local) { return local.news(query, mark); }, by_own_numbers);
    }
    const auto seen = JointMark::parse(mark);
    if (!mark.empty() && !seen)
      return tl::unexpected("\"" + mark + "\" is no mark of this trace; begin anew without one");
    return ask(
        [&](postgres::Connection& connection, const Hosts& hosts) {
          return read_news(connection, texts_, hosts.names(), query, seen, hosts.progress());
        },
        [&](Archive& local) -> tl::expected<trace::News, std::string> {
          if (mark.empty()) return local.news(query, mark);
          return trace::News{.rows = {}, .mark = mark};
        });
  }

  tl::expected<trace::Report, std::string> report(const trace::ReportQuery& query) override {
    return ask([&](postgres::Connection& connection, const Hosts&) { return read_report(connection, query); },
               [&](Archive& local) { return local.report(query); });
  }

  tl::expected<std::vector<trace::Flow>, std::string> flows(std::int64_t since, std::int64_t until) override {
    return ask([&](postgres::Connection& connection, const Hosts&) { return read_flows(connection, since, until); },
               [&](Archive& local) { return local.flows(since, until); });
  }

  tl::expected<std::vector<std::string>, std::string> connectors() override {
    return ask(
        [](postgres::Connection& connection, const Hosts&) {
          return read_texts(connection,
                            "SELECT connector FROM volume WHERE connector <> '' UNION SELECT outbound_connector FROM "
                            "volume WHERE outbound_connector NOT IN ('', '*')");
        },
        [](Archive& local) { return local.connectors(); });
  }

  tl::expected<std::vector<std::string>, std::string> rules() override {
    return ask(
        [](postgres::Connection& connection, const Hosts&) {
          return read_texts(connection, "SELECT DISTINCT pattern FROM rule_volume").map([](auto patterns) {
            for (std::string& one : patterns) one = trace::group_of_rule(one, trace::Grouping::rule);
            std::sort(patterns.begin(), patterns.end());
            patterns.erase(std::unique(patterns.begin(), patterns.end()), patterns.end());
            return patterns;
          });
        },
        [](Archive& local) { return local.rules(); });
  }

  // Each host reports what it has had.
  tl::expected<trace::DmarcRowsEnd, std::string> dmarc_rows(const trace::DmarcRows& which,
                                                            const trace::TakeDmarcRow& take) override {
    auto& local = this->local();
    if (!local) return tl::unexpected(local.error());
    return (*local)->dmarc_rows(which, take);
  }

  // "mx1-4711"; 4711, of this host; or the number for both.
  std::optional<std::int64_t> row_named(const std::string& name) override {
    const auto number = base::whole_number<std::int64_t>(name);
    if (number && *number >= trace::joint_row(1, 0)) return number;
    const auto hyphen = name.rfind('-');
    const std::string host = number || hyphen == std::string::npos ? std::string() : name.substr(0, hyphen);
    const auto seq = number ? number : base::whole_number<std::int64_t>(name.substr(host.size() + (number ? 0 : 1)));
    if (!seq || (!number && host.empty())) return std::nullopt;
    const bool is_own_name = number || base::equals_ignoring_case(host, host_name_in_fleet(configuration_));
    const auto row = ask(
        [&](postgres::Connection&, const Hosts& hosts) -> postgres::Result<std::optional<std::int64_t>> {
          for (const Host& one : hosts.all) {
            const bool is_meant = number ? one.is_this : base::equals_ignoring_case(one.name, host);
            if (is_meant) return trace::joint_row(one.id, number ? one.base + *number : *seq);
          }
          return std::optional<std::int64_t>();
        },
        [&](Archive&) -> tl::expected<std::optional<std::int64_t>, std::string> {
          return is_own_name ? seq : std::nullopt;
        });
    return row.value_or(std::nullopt);
  }

 private:
  tl::expected<std::unique_ptr<Archive>, std::string>& local() {
    if (!local_) local_ = trace::open_sqlite_archive(configuration_.trace->file());
    return *local_;
  }

  template <class Local>
  auto ask_local(Local&& ask, std::string why) -> decltype(ask(std::declval<Archive&>())) {
    why_ = std::move(why);
    auto& local = this->local();
    if (!local) return tl::unexpected(local.error());
    return ask(**local);
  }

  // What the database says, or where it says nothing this host's own file.
  template <class Joint, class Local>
  auto ask(Joint&& joint, Local&& local) -> decltype(local(std::declval<Archive&>())) {
    why_.clear();
    postgres::Error error;
    for (const bool is_fresh : {false, true}) {
      auto connection = idle_connections().take(configuration_, is_fresh);
      if (!connection) {
        error = connection.error();
        break;
      }
      auto answer =
          read_hosts(*connection, own_uuid_).and_then([&](const Hosts& hosts) { return joint(*connection, hosts); });
      if (answer) {
        idle_connections().give_back(std::move(*connection));
        return std::move(*answer);
      }
      error = answer.error();
      idle_connections().give_back(std::move(*connection));
      // One that was idle may have been cut meanwhile.
      if (error.kind != postgres::Error::Kind::unavailable) break;
    }
    if (error.sqlstate == too_slow) {
      return tl::unexpected("the fleet's database takes too long for this; ask for a shorter time: " + error.whole);
    }
    return ask_local(std::forward<Local>(local), error.whole);
  }

  static postgres::Result<std::vector<std::string>> read_texts(postgres::Connection& connection,
                                                               const std::string& sql) {
    return connection.execute(sql).map([](const postgres::Rows& rows) {
      std::vector<std::string> texts;
      for (int row = 0; row < rows.size(); ++row) texts.push_back(rows.string(row, 0));
      return texts;
    });
  }

  static postgres::Result<trace::Report> read_report(postgres::Connection& connection,
                                                     const trace::ReportQuery& query) {
    const std::int64_t first = query.since / base::hour_ms;
    const std::int64_t end = (query.until + base::hour_ms - 1) / base::hour_ms;
    const bool is_by_rule = query.by == trace::Grouping::rule || query.by == trace::Grouping::rule_action;
    const char* const time = query.interval == trace::Interval::whole ? "$1::bigint"
                             : query.interval == trace::Interval::day ? "hour / 24 * 24"
                                                                      : "hour";
    const bool is_by_delivery = query.by == trace::Grouping::protection;
    std::string sql = "SELECT " + std::string(time) + ", " + volume_column(query.by) +
                      (is_by_delivery ? ", sum(deliveries)::bigint, sum(deliveries)::bigint, 0"
                                      : ", sum(messages)::bigint, sum(recipients)::bigint, sum(bytes)::bigint") +
                      " FROM " +
                      (is_by_delivery ? "delivery_volume"
                       : is_by_rule   ? "rule_volume"
                                      : "volume") +
                      " WHERE hour >= $1 AND hour < $2";
    if (!is_by_rule && !is_by_delivery && query.by != trace::Grouping::direction) {
      sql += " AND direction <> " + std::to_string(validations);
    }
    const auto rows = connection.execute(sql + " GROUP BY 1, 2", {first, end});
    if (!rows) return tl::unexpected(rows.error());
    std::map<std::pair<std::int64_t, std::string>, trace::Volume> sums;
    for (int row = 0; row < rows->size(); ++row) {
      const std::string value = rows->string(row, 1);
      const std::string group = is_by_rule ? trace::group_of_rule(value, query.by) : group_name(query.by, value);
      trace::Volume& sum = sums[{rows->integer(row, 0) * base::hour_ms, group}];
      sum.messages += static_cast<std::uint64_t>(rows->integer(row, 2));
      sum.recipients += static_cast<std::uint64_t>(rows->integer(row, 3));
      sum.bytes += static_cast<std::uint64_t>(rows->integer(row, 4));
    }
    trace::Report report{.since = first * base::hour_ms, .until = end * base::hour_ms, .volumes = {}};
    for (auto& [key, sum] : sums) {
      sum.time = key.first;
      sum.group = key.second;
      report.volumes.push_back(std::move(sum));
    }
    std::stable_sort(report.volumes.begin(), report.volumes.end(), [](const auto& a, const auto& b) {
      return a.time != b.time ? a.time < b.time : a.messages > b.messages;
    });
    return report;
  }

  static postgres::Result<std::vector<trace::Flow>> read_flows(postgres::Connection& connection, std::int64_t since,
                                                               std::int64_t until) {
    const auto rows = connection.execute(
        "SELECT hour, direction, connector, outbound_connector, tls, action, sum(messages)::bigint, "
        "sum(recipients)::bigint FROM volume WHERE hour >= $1 AND hour < $2 AND direction <> $3 "
        "GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1",
        {since / base::hour_ms, (until + base::hour_ms - 1) / base::hour_ms, validations});
    if (!rows) return tl::unexpected(rows.error());
    std::vector<trace::Flow> flows;
    for (int row = 0; row < rows->size(); ++row) {
      trace::Flow& flow = flows.emplace_back();
      flow.time = rows->integer(row, 0) * base::hour_ms;
      flow.direction = model::stored_value<trace::Direction>(rows->integer(row, 1));
      flow.connector = rows->string(row, 2);
      flow.outbound_connector = rows->text(row, 3) == trace::several_outbound ? "several" : rows->string(row, 3);
      flow.tls = rows->string(row, 4);
      flow.action = model::stored_value<model::Action>(rows->integer(row, 5));
      flow.messages = static_cast<std::uint64_t>(rows->integer(row, 6));
      flow.recipients = static_cast<std::uint64_t>(rows->integer(row, 7));
    }
    return flows;
  }

  using Detail = std::optional<trace::MessageTraceDetail>;

  postgres::Result<Detail> read_detail(postgres::Connection& connection, const Hosts& hosts, std::int64_t row) {
    std::int64_t host = row >> trace::bits_of_row;
    std::int64_t seq = trace::row_of_host(row);
    if (host == 0) {
      const auto own = std::find_if(hosts.all.begin(), hosts.all.end(), [](const Host& one) { return one.is_this; });
      if (own == hosts.all.end()) return Detail();
      host = own->id;
      seq += own->base;
    }
    const auto rows = connection.execute(
        "SELECT " + message_columns("m.") + " FROM message m WHERE host = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1",
        {host, seq});
    if (!rows) return tl::unexpected(rows.error());
    if (rows->empty()) return Detail();
    Restored restored;
    const std::vector<JointMessage> found = {joint_message(*rows, 0, restored)};
    if (seq >= found[0].seq + found[0].kept.recipients) return Detail();
    if (auto loaded = texts_.load(connection, found); !loaded) return tl::unexpected(loaded.error());
    auto message = std::make_shared<trace::Message>(texts_.decode(found[0]));
    message->id = trace::joint_row(host, found[0].seq);
    message->host = hosts.names()[host];
    trace::MessageTraceDetail detail;
    const auto taken = rows_of(connection, found, {message}, [&detail](const JointMessage&, trace::Row one) {
      detail.rows.push_back(std::move(one));
    });
    if (!taken) return tl::unexpected(taken.error());
    std::reverse(detail.rows.begin(), detail.rows.end());
    return read_attempts(connection, found[0], detail)
        .and_then([&] { return read_children(connection, found[0], detail); })
        .map([&] { return Detail(std::move(detail)); });
  }

  static postgres::Result<> read_attempts(postgres::Connection& connection, const JointMessage& message,
                                          trace::MessageTraceDetail& detail) {
    enum Column : int {
      queue_id,
      time,
      status,
      relay,
      enhanced,
      tls,
      text,
      delay,
      seq,
      address,
      times,
      originals,
      protection
    };
    const auto rows = connection.execute(
        "SELECT queue_id, time, status, relay, enhanced, tls, text, delay, seq, address, times, originals, protection "
        "FROM delivery WHERE t = $1 AND host = $2 AND message = $3 ORDER BY time, status <> 1",
        {message.t, message.host, message.seq});
    if (!rows) return tl::unexpected(rows.error());
    for (int row = 0; row < rows->size(); ++row) {
      trace::Attempt& attempt = detail.attempts.emplace_back();
      if (!rows->is_null(row, seq)) attempt.row = trace::joint_row(message.host, rows->integer(row, seq));
      trace::Delivery& delivery = attempt.delivery;
      delivery.queue_id = rows->string(row, queue_id);
      delivery.time = rows->integer(row, time);
      delivery.status = model::stored_value<trace::Status>(rows->integer(row, status));
      delivery.relay = rows->string(row, relay);
      delivery.enhanced = rows->string(row, enhanced);
      delivery.tls = rows->string(row, tls);
      delivery.text = rows->string(row, text);
      delivery.delay = rows->integer(row, delay);
      delivery.address = rows->string(row, address);
      delivery.times = trace::delivery_times_of(rows->string(row, times));
      if (const auto number = rows->optional_integer(row, protection)) {
        delivery.protection = model::stored_value<trace::Protection>(*number);
      }
      const std::string kept = bytes_of(rows->text(row, originals));
      for (const auto& [column, original] : read_originals(kept)) {
        if (static_cast<MendedColumn>(column) == MendedColumn::address) delivery.address = original;
        if (static_cast<MendedColumn>(column) == MendedColumn::text) delivery.text = original;
      }
      const auto of = std::find_if(detail.rows.begin(), detail.rows.end(),
                                   [&attempt](const trace::Row& one) { return one.id == attempt.row; });
      delivery.recipient = of == detail.rows.end() ? delivery.address : of->rcpt_to;
    }
    return {};
  }

  static postgres::Result<> read_children(postgres::Connection& connection, const JointMessage& message,
                                          trace::MessageTraceDetail& detail) {
    const auto rows =
        connection.execute("SELECT queue_id, time FROM child WHERE t = $1 AND host = $2 AND message = $3 ORDER BY time",
                           {message.t, message.host, message.seq});
    if (!rows) return tl::unexpected(rows.error());
    for (int row = 0; row < rows->size(); ++row) {
      detail.children.push_back({.queue_id = detail.rows.empty() ? "" : detail.rows.front().message->queue_id,
                                 .child_queue_id = rows->string(row, 0),
                                 .time = rows->integer(row, 1)});
    }
    return {};
  }

  const model::Configuration configuration_;
  std::string own_uuid_;
  std::optional<tl::expected<std::unique_ptr<Archive>, std::string>> local_;
  JointTexts texts_;
  std::string why_;
};

}  // namespace

bool is_joint_mark(std::string_view text) {
  return JointMark::parse(text).has_value();
}

tl::expected<std::unique_ptr<trace::Archive>, std::string> open_trace(const model::Configuration& configuration,
                                                                      TraceScope scope) {
  if (!configuration.fleet || scope == TraceScope::this_host) {
    return trace::open_sqlite_archive(configuration.trace->file());
  }
  // Not all connectors and rules, for each search.
  model::Configuration part;
  part.server = configuration.server;
  part.trace = configuration.trace;
  part.fleet = configuration.fleet;
  return std::make_unique<FleetArchive>(std::move(part));
}

}  // namespace connectord::fleet
