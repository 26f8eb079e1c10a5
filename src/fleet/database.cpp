#include "connectord/fleet/database.h"

#include <utility>

#include "access.h"
#include "connectord/base/digest.h"
#include "generation_table.h"
#include "schema.h"

namespace connectord::fleet {
namespace {

// One change after the other.
constexpr std::int64_t change_lock = 0x636f6e6e'67656e00;

std::string in_words(const postgres::Error& error) {
  return "the fleet's database: " + error.whole;
}

// The canary's own number, while the change is made.
postgres::Result<std::int64_t> find_host(postgres::Connection& connection, const std::string& name) {
  const auto rows = connection.execute("SELECT id FROM host WHERE name = $1 ORDER BY last_seen DESC LIMIT 1", {name});
  if (!rows) return tl::unexpected(rows.error());
  return rows->empty() ? -1 : rows->integer(0, 0);
}

}  // namespace

struct Database::Impl {
  postgres::Connection connection;
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

tl::expected<Database, std::string> Database::open(const model::Configuration& configuration,
                                                   const std::string& address,
                                                   std::chrono::milliseconds statement_limit, std::stop_token stop) {
  auto access = access_of(configuration, Need::write, std::move(stop));
  if (!access) return tl::unexpected(access.error());
  if (!address.empty()) access->uri = address;
  access->statement_limit = statement_limit;
  auto connection = open_database(*access, Need::write);
  if (!connection) return tl::unexpected(in_words(connection.error()));
  return Database(std::make_unique<Impl>(Impl{std::move(*connection)}));
}

tl::expected<std::pair<std::string, std::string>, std::string> Database::address_of(
    const model::Configuration& configuration) {
  return access_of(configuration, Need::write).map([](const postgres::Access& access) {
    return std::pair(access.uri, access.password);
  });
}

int schema_version_of_tables() {
  return schema_version;
}

tl::expected<int, std::string> Database::migrate(const std::string& address, const std::string& password) {
  postgres::Access access{.uri = address, .password = password, .application = "connectorctl fleet migrate"};
  access.statement_limit = std::chrono::minutes(10);
  auto connection = postgres::Connection::connect(access);
  if (!connection) return tl::unexpected(in_words(connection.error()));
  return fleet::migrate(*connection).map_error(in_words);
}

tl::expected<Current, std::string> Database::current() {
  return current_generation(impl_->connection).map_error(in_words);
}

tl::expected<std::vector<HostStatus>, std::string> Database::hosts() {
  const auto rows = impl_->connection.execute(
      "SELECT name, version, extract(epoch FROM now() - last_seen)::bigint, gone IS NOT NULL, clock_ahead_ms, "
      "generation,"
      " generation_error, greatest(newest_seq - last_seq, 0),"
      " CASE WHEN newest_seq > last_seq THEN extract(epoch FROM now() - complete_until)::bigint END, dropped, "
      "trace_error"
      " FROM host ORDER BY name, id");
  if (!rows) return tl::unexpected(in_words(rows.error()));
  std::vector<HostStatus> hosts;
  for (int i = 0; i < rows->size(); ++i) {
    HostStatus& host = hosts.emplace_back();
    int column = 0;
    host.name = rows->string(i, column++);
    host.version = rows->string(i, column++);
    host.seen_ago = rows->integer(i, column++);
    host.has_left = rows->boolean(i, column++);
    host.clock_ahead_ms = rows->integer(i, column++);
    host.generation = rows->optional_integer(i, column++);
    host.generation_error = rows->string(i, column++);
    host.waiting_rows = rows->integer(i, column++);
    host.waiting_for = rows->optional_integer(i, column++);
    host.dropped_rows = rows->integer(i, column++);
    host.trace_error = rows->string(i, column++);
  }
  return hosts;
}

tl::expected<std::vector<Generation>, std::string> Database::generations(int most) {
  const auto rows = impl_->connection.execute(
      "SELECT n, extract(epoch FROM made)::bigint, who, comment, sha256 FROM generation ORDER BY n DESC LIMIT $1",
      {most});
  if (!rows) return tl::unexpected(in_words(rows.error()));
  std::vector<Generation> found;
  for (int i = 0; i < rows->size(); ++i) {
    found.push_back(
        {rows->integer(i, 0), rows->integer(i, 1), rows->string(i, 2), rows->string(i, 3), rows->string(i, 4), {}});
  }
  return found;
}

tl::expected<Generation, std::string> Database::generation(std::int64_t n) {
  return read_generation(impl_->connection, n).map_error(in_words);
}

tl::expected<std::int64_t, NotApplied> Database::apply(const Change& change) {
  postgres::Connection& connection = impl_->connection;
  const auto failed = [](const postgres::Error& error) {
    return tl::unexpected(NotApplied{.reason = in_words(error)});
  };
  if (change.document.size() > max_document) {
    return tl::unexpected(NotApplied{.reason = "it is larger than " + std::to_string(max_document >> 20U) +
                                               " MiB; leave out connectors that nobody needs"});
  }
  auto transaction = postgres::Transaction::begin(connection);
  if (!transaction) return failed(transaction.error());
  if (auto locked = connection.execute("SELECT pg_advisory_xact_lock($1)", {change_lock}); !locked) {
    return failed(locked.error());
  }
  const auto now = current_generation(connection);
  if (!now) return failed(now.error());
  if (now->newest != change.made_from) {
    return tl::unexpected(NotApplied{.is_outdated = true,
                                     .reason = "the fleet has generation " + std::to_string(now->newest) +
                                               " by now, and the change was made from generation " +
                                               std::to_string(change.made_from)});
  }
  std::optional<std::int64_t> canary;
  if (!change.canary.empty()) {
    const auto host = find_host(connection, change.canary);
    if (!host) return failed(host.error());
    if (*host < 0) return tl::unexpected(NotApplied{.reason = "the fleet has no host " + change.canary});
    canary = *host;
  }
  const std::int64_t n = now->newest + 1;
  const auto made =
      connection.execute("INSERT INTO generation(n, who, comment, sha256, document) VALUES ($1, $2, $3, $4, $5)",
                         {n, change.who, change.comment, base::sha256_hex(change.document), change.document});
  if (!made) return failed(made.error());
  const auto set = canary ? connection.execute("UPDATE current SET trial = $1, trial_host = $2", {n, *canary})
                          : connection.execute("UPDATE current SET n = $1, trial = NULL, trial_host = NULL", {n});
  if (!set) return failed(set.error());
  if (auto notified = connection.run(std::string("NOTIFY ") + generation_channel); !notified) {
    return failed(notified.error());
  }
  const auto committed = transaction->commit();
  if (committed) return n;
  NotApplied refused{.reason = in_words(committed.error())};
  refused.is_in_doubt = committed.error().kind == postgres::Error::Kind::unavailable;
  if (refused.is_in_doubt)
    refused.reason += "; whether the change was made is not known: see connectorctl fleet changes";
  return tl::unexpected(std::move(refused));
}

tl::expected<std::int64_t, std::string> Database::release() {
  postgres::Connection& connection = impl_->connection;
  auto transaction = postgres::Transaction::begin(connection);
  if (!transaction) return tl::unexpected(in_words(transaction.error()));
  const auto rows = connection.execute(
      "UPDATE current SET n = trial, trial = NULL, trial_host = NULL WHERE trial IS NOT NULL RETURNING n");
  if (!rows) return tl::unexpected(in_words(rows.error()));
  if (rows->empty()) return tl::unexpected(std::string("no host tries a generation out"));
  const std::int64_t n = rows->integer(0, 0);
  if (auto notified = connection.run(std::string("NOTIFY ") + generation_channel); !notified) {
    return tl::unexpected(in_words(notified.error()));
  }
  return transaction->commit().map([n] { return n; }).map_error(in_words);
}

tl::expected<bool, std::string> Database::leave(const std::string& host) {
  const auto rows = impl_->connection.execute("UPDATE host SET gone = now() WHERE name = $1 AND gone IS NULL", {host});
  if (!rows) return tl::unexpected(in_words(rows.error()));
  return rows->affected() > 0;
}

}  // namespace connectord::fleet
