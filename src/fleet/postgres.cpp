#include "postgres.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace connectord::fleet::postgres {
namespace {

using std::chrono::milliseconds;

// Where the address names no certificate of ours, there is none: libpq would look in the home of whoever started us.
constexpr const char* no_certificate = "/nonexistent/client.crt";
// Debian's list of authorities; libpq's own default is a file in somebody's home.
constexpr const char* authorities = "/etc/ssl/certs/ca-certificates.crt";

// The server's own limit comes first.
constexpr milliseconds slack{3'000};

constexpr int oldest_server = 130000;

constexpr const char* pooler_remedy =
    "connect to PostgreSQL itself: through pgbouncer and its like, notifications and advisory locks are lost without "
    "a word";

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

// libpq's message may repeat the text, and with it what somebody wrote for a password, so it is not used.
Options parse(const std::string& uri) {
  char* message = nullptr;
  Options options(PQconninfoParse(uri.c_str(), &message));
  PQfreemem(message);
  return options;
}

std::string value_of(const Options& options, std::string_view keyword) {
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->keyword == keyword) return option->val == nullptr ? std::string() : option->val;
  }
  return {};
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t comma = list.find(',', begin);
    parts.push_back(list.substr(begin, comma - begin));
    if (comma == std::string::npos) return parts;
    begin = comma + 1;
  }
}

struct Place {
  std::string host;
  std::string address;
  std::string port;

  bool is_local() const { return address.empty() && (host.empty() || host.front() == '/' || host.front() == '@'); }
};

// libpq waits for each host of a list as long as the system does, so they are asked one after the other here.
std::vector<Place> places(const Options& options) {
  const std::vector<std::string> hosts = split(value_of(options, "host"));
  const std::vector<std::string> addresses = split(value_of(options, "hostaddr"));
  const std::vector<std::string> ports = split(value_of(options, "port"));
  const auto at = [](const std::vector<std::string>& list, std::size_t i) {
    return list.size() == 1 ? list.front() : i < list.size() ? list[i] : std::string();
  };
  std::vector<Place> made;
  for (std::size_t i = 0; i < std::max(hosts.size(), addresses.size()); ++i) {
    const std::string port = at(ports, i);
    made.push_back({at(hosts, i), at(addresses, i), port.empty() ? "5432" : port});
  }
  return made;
}

// In one line: libpq begins some with a tab.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c != '\n' && c != '\t') {
      line += c;
    } else if (!line.empty() && !line.ends_with("; ")) {
      line += "; ";
    }
  }
  while (line.ends_with(' ') || line.ends_with(';')) line.pop_back();
  return line;
}

Error refused(std::string message) {
  Error error{.kind = Error::Kind::refused};
  error.whole = message;
  error.message = std::move(message);
  return error;
}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : text;
}

Error error_of(const PGresult* result) {
  Error error{.kind = Error::Kind::rejected,
              .sqlstate = field(result, PG_DIAG_SQLSTATE),
              .message = field(result, PG_DIAG_MESSAGE_PRIMARY),
              .detail = field(result, PG_DIAG_MESSAGE_DETAIL),
              .hint = field(result, PG_DIAG_MESSAGE_HINT)};
  error.whole = one_line(PQresultErrorMessage(result));
  if (!error.sqlstate.empty()) error.whole += " (SQLSTATE " + error.sqlstate + ")";
  if (error.message.empty()) error.message = error.whole;
  return error;
}

std::string session_settings(const Access& access) {
  std::string settings =
      "-c search_path=connectord -c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex"
      " -c plan_cache_mode=force_custom_plan"
      // Many tables of days make a search look expensive, and to compile it would take ten times as long as to do it.
      " -c jit=off"
      " -c idle_in_transaction_session_timeout=60000"
      // So that the server, too, notices soon that we are gone, and lets go of our locks.
      " -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=30000";
  settings += " -c statement_timeout=" + std::to_string(access.statement_limit.count());
  settings += " -c lock_timeout=" + std::to_string(access.lock_limit.count());
  if (access.read_only) settings += " -c default_transaction_read_only=on";
  return settings;
}

}  // namespace

std::string why_not(const std::string& uri) {
  const Options options = parse(uri);
  if (!options) return "this is no address of a PostgreSQL; write postgresql://USER@HOST/DATABASE";
  if (!value_of(options, "password").empty()) {
    return "a password stands in it, which everybody sees; write it into the file of fleet.password_file";
  }
  const std::vector<Place> all = places(options);
  const bool local = std::all_of(all.begin(), all.end(), [](const Place& place) { return place.is_local(); });
  const std::string mode = value_of(options, "sslmode");
  if (!local && !mode.empty() && mode != "verify-full") {
    return "sslmode=" + mode +
           " lets others between read and change what goes over the network; write sslmode=verify-full, or leave it "
           "out, or reach the server by a unix socket (host=/run/postgresql)";
  }
  return {};
}

std::int64_t Rows::integer(int row, int column) const {
  const std::string_view value = text(row, column);
  std::int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

std::optional<std::int64_t> Rows::optional_integer(int row, int column) const {
  return is_null(row, column) ? std::nullopt : std::optional(integer(row, column));
}

std::int64_t Rows::affected() const {
  const std::string_view value = PQcmdTuples(result_.get());
  std::int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

Connection::Connection(const Access& access)
    : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      stop_(access.stop),
      connect_limit_(access.connect_limit),
      statement_limit_(access.statement_limit) {}

Result<Connection> Connection::connect(const Access& access) {
  if (std::string reason = why_not(access.uri); !reason.empty()) return tl::unexpected(refused(std::move(reason)));
  const Options options = parse(access.uri);
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  const auto set = [&](const char* keyword, const std::string& value) {
    keywords.push_back(keyword);
    values.push_back(value.c_str());
  };
  // What stands behind the address counts before what it says.
  const std::string settings = session_settings(access);
  const std::string attributes = access.read_only ? "any" : "read-write";
  const std::string root = value_of(options, "sslrootcert").empty() ? authorities : value_of(options, "sslrootcert");
  const std::string certificate = value_of(options, "sslcert").empty() ? no_certificate : value_of(options, "sslcert");
  const std::string password_file = "/dev/null";
  const std::string utf8 = "UTF8";
  const std::string verified = "verify-full";
  const std::string none = "disable";
  const std::array<std::string, 6> alive = {"1", "15", "5", "3", "30000", "10"};
  set("dbname", access.uri);
  set("application_name", access.application);
  set("client_encoding", utf8);
  set("options", settings);
  set("sslmode", verified);  // of no meaning for a unix socket
  set("sslrootcert", root);
  set("sslcert", certificate);
  set("gssencmode", none);
  set("target_session_attrs", attributes);
  set("keepalives", alive[0]);
  set("keepalives_idle", alive[1]);
  set("keepalives_interval", alive[2]);
  set("keepalives_count", alive[3]);
  set("tcp_user_timeout", alive[4]);
  if (!access.password.empty()) {
    set("password", access.password);
    set("passfile", password_file);
  }
  Error last = refused("no host is named");
  for (const Place& place : places(options)) {
    std::vector<const char*> all_keywords = keywords;
    std::vector<const char*> all_values = values;
    for (const auto& [keyword, value] :
         {std::pair("host", &place.host), std::pair("hostaddr", &place.address), std::pair("port", &place.port)}) {
      all_keywords.push_back(keyword);
      all_values.push_back(value->c_str());
    }
    all_keywords.push_back(nullptr);
    all_values.push_back(nullptr);
    auto made = connect_to(access, all_keywords, all_values);
    if (made || made.error().kind == Error::Kind::refused || access.stop.stop_requested()) return made;
    last = std::move(made.error());
  }
  return tl::unexpected(std::move(last));
}

Result<Connection> Connection::connect_to(const Access& access, const std::vector<const char*>& keywords,
                                          const std::vector<const char*>& values) {
  Connection made(access);
  made.handle_.reset(PQconnectStartParams(keywords.data(), values.data(), 1));
  return made.finish_connecting().and_then([&made] { return made.refuse_pooler(); }).map([&made] {
    return std::move(made);
  });
}

Result<> Connection::finish_connecting() {
  if (!handle_ || PQstatus(handle_.get()) == CONNECTION_BAD) return tl::unexpected(lost());
  const Deadline end = Clock::now() + connect_limit_;
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (status != PGRES_POLLING_OK) {
    if (status == PGRES_POLLING_FAILED) {
      const std::string_view message = PQerrorMessage(handle_.get());
      if (message.find("unsupported startup parameter") != std::string_view::npos) {
        return tl::unexpected(refused(one_line(message) + ": this is no PostgreSQL; " + pooler_remedy));
      }
      return tl::unexpected(lost());
    }
    auto ready = wait_for(status == PGRES_POLLING_READING ? POLLIN : POLLOUT, end);
    if (!ready) return ready;
    status = PQconnectPoll(handle_.get());
  }
  if (PQsetnonblocking(handle_.get(), 1) != 0) return tl::unexpected(lost());
  if (PQserverVersion(handle_.get()) < oldest_server) {
    return tl::unexpected(refused("the server is older than PostgreSQL 13"));
  }
  return {};
}

// A pooler gives its clients a key of its own for cancelling, since their statements go to whatever server is free: so
// the process that libpq was told of is not the one that answers. A proxy of TCP connections is no harm.
Result<> Connection::refuse_pooler() {
  const auto rows = execute("SELECT pg_backend_pid()");
  if (!rows) return tl::unexpected(rows.error());
  if (rows->integer(0, 0) == PQbackendPID(handle_.get())) return {};
  return tl::unexpected(refused(std::string("a connection pooler stands before the server; ") + pooler_remedy));
}

Connection::Deadline Connection::deadline() const {
  return Clock::now() + statement_limit_ + slack;
}

Error Connection::lost() {
  std::string message = handle_ ? one_line(PQerrorMessage(handle_.get())) : "no memory";
  return lost(message.empty() ? "the connection was lost" : message);
}

Error Connection::lost(const std::string& message) {
  Error error{.kind = Error::Kind::unavailable, .message = message, .whole = message};
  handle_.reset();
  return error;
}

Result<> Connection::wait_for(short events, Deadline deadline) {
  const std::stop_callback waker(stop_, [this] { ::eventfd_write(wake_.get(), 1); });
  std::array<pollfd, 2> polled{{{PQsocket(handle_.get()), events, 0}, {wake_.get(), POLLIN, 0}}};
  for (;;) {
    if (stop_.stop_requested()) return tl::unexpected(lost("connectord stops"));
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return tl::unexpected(lost("the server does not answer in time"));
    const int ready =
        ::poll(polled.data(), polled.size(), static_cast<int>(std::min<std::int64_t>(left.count() + 1, 60'000)));
    if (ready > 0 && polled[0].revents != 0) return {};
  }
}

Result<> Connection::flush(Deadline deadline) {
  for (;;) {
    const int left = PQflush(handle_.get());
    if (left == 0) return {};
    if (left < 0) return tl::unexpected(lost());
    if (auto ready = wait_for(POLLIN | POLLOUT, deadline); !ready) return ready;
    // Without this a server that reports something would wait for us, and we for it.
    if (PQconsumeInput(handle_.get()) == 0) return tl::unexpected(lost());
  }
}

// Of several statements: the first error, or the last result.
Result<Rows> Connection::last_result(Deadline deadline) {
  Result<Rows> last;
  std::optional<Error> error;
  for (;;) {
    while (PQisBusy(handle_.get()) != 0) {
      if (auto ready = wait_for(POLLIN, deadline); !ready) return tl::unexpected(ready.error());
      if (PQconsumeInput(handle_.get()) == 0) return tl::unexpected(lost());
    }
    PGresult* result = PQgetResult(handle_.get());
    if (result == nullptr) break;
    Rows rows(result);
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) return rows;
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
      if (!error) error = error_of(result);
    } else {
      last = std::move(rows);
    }
  }
  if (PQstatus(handle_.get()) == CONNECTION_BAD) {
    Error gone = lost();
    // What the server said last says more: that it is shut down, or that an administrator ended the session.
    if (error) {
      error->kind = Error::Kind::unavailable;
      return tl::unexpected(std::move(*error));
    }
    return tl::unexpected(std::move(gone));
  }
  if (error) return tl::unexpected(std::move(*error));
  return last;
}

Result<Rows> Connection::execute(const std::string& sql, const Parameters& parameters, Format results) {
  if (!handle_) return tl::unexpected(lost("there is no connection"));
  constexpr Oid bytea = 17;
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  for (const Parameter& parameter : parameters) {
    const auto& value = parameter.value();
    // libpq would take what stands before it for the whole.
    if (value && !parameter.is_binary() && value->find('\0') != std::string::npos) {
      Error error{.kind = Error::Kind::rejected, .sqlstate = "22021", .message = "a text has a NUL"};
      error.whole = error.message;
      return tl::unexpected(std::move(error));
    }
    types.push_back(parameter.is_binary() ? bytea : 0);
    values.push_back(value ? value->c_str() : nullptr);
    lengths.push_back(value ? static_cast<int>(value->size()) : 0);
    formats.push_back(parameter.is_binary() ? 1 : 0);
  }
  const Deadline end = deadline();
  if (PQsendQueryParams(handle_.get(), sql.c_str(), static_cast<int>(parameters.size()), types.data(), values.data(),
                        lengths.data(), formats.data(), results == Format::binary ? 1 : 0) == 0) {
    return tl::unexpected(lost());
  }
  return flush(end).and_then([&] { return last_result(end); });
}

Result<> Connection::run(const std::string& script) {
  if (!handle_) return tl::unexpected(lost("there is no connection"));
  const Deadline end = deadline();
  if (PQsendQuery(handle_.get(), script.c_str()) == 0) return tl::unexpected(lost());
  return flush(end).and_then([&] { return last_result(end); }).map([](const Rows& /*rows*/) {});
}

Result<> Connection::begin_copy(const std::string& sql) {
  return run(sql);
}

Result<> Connection::put(std::string_view bytes) {
  if (!handle_) return tl::unexpected(lost("there is no connection"));
  const Deadline end = deadline();
  // libpq copies what it is given: a larger buffer of its own costs more than the calls do.
  constexpr std::size_t piece = std::size_t{1} << 16U;
  while (!bytes.empty()) {
    const std::string_view now = bytes.substr(0, piece);
    const int done = PQputCopyData(handle_.get(), now.data(), static_cast<int>(now.size()));
    if (done < 0) return tl::unexpected(lost());
    if (done > 0) bytes.remove_prefix(now.size());
    if (auto flushed = flush(end); !flushed) return flushed;
  }
  return {};
}

Result<Rows> Connection::end_copy() {
  if (!handle_) return tl::unexpected(lost("there is no connection"));
  const Deadline end = deadline();
  for (;;) {
    const int done = PQputCopyEnd(handle_.get(), nullptr);
    if (done < 0) return tl::unexpected(lost());
    if (done > 0) break;
    if (auto flushed = flush(end); !flushed) return tl::unexpected(flushed.error());
  }
  return flush(end).and_then([&] { return last_result(end); });
}

Result<bool> Connection::wait_for_notification(milliseconds limit) {
  if (!handle_) return tl::unexpected(lost("there is no connection"));
  const auto end = Clock::now() + limit;
  const std::stop_callback waker(stop_, [this] { ::eventfd_write(wake_.get(), 1); });
  for (;;) {
    if (PQconsumeInput(handle_.get()) == 0) return tl::unexpected(lost());
    bool any = false;
    while (PGnotify* notification = PQnotifies(handle_.get())) {
      PQfreemem(notification);
      any = true;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
    if (any || left.count() <= 0 || stop_.stop_requested()) return any;
    std::array<pollfd, 2> polled{{{PQsocket(handle_.get()), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    ::poll(polled.data(), polled.size(), static_cast<int>(std::min<std::int64_t>(left.count() + 1, 60'000)));
  }
}

Result<Transaction> Transaction::begin(Connection& connection) {
  return connection.run("BEGIN").map([&connection] { return Transaction(connection); });
}

Transaction::~Transaction() {
  if (connection_ != nullptr && connection_->is_open()) (void)connection_->run("ROLLBACK");
}

Result<> Transaction::commit() {
  Connection* connection = std::exchange(connection_, nullptr);
  return connection->run("COMMIT");
}

}  // namespace connectord::fleet::postgres
