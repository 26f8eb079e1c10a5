#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "connectord/base/file_descriptor.h"

// Owners for libpq's handles. Nothing here waits without a limit, and a stop ends every wait at once, but for the
// look-up of the server's name, which libpq leaves to the C library. One thread at a time uses a connection.
namespace connectord::fleet::postgres {

struct Error {
  enum class Kind : std::uint8_t {
    unavailable,  // no connection, or it was lost, or a limit of time, or a stop; what was sent may have been done
    refused,      // we do not want this server, or this way to it
    rejected,     // the server's answer to this work
  };

  Kind kind = Kind::unavailable;
  std::string sqlstate{};  // five characters; empty where it is none of the server's
  std::string message{};
  std::string detail{};
  std::string hint{};
  std::string whole{};  // all of it, in one line, for people

  // The class of PostgreSQL's Appendix A, "22"; empty where there is none.
  std::string_view state_class() const { return std::string_view(sqlstate).substr(0, 2); }
};

template <class Value = void>
using Result = tl::expected<Value, Error>;

// How a server is reached, and how long it may take.
struct Access {
  std::string uri;  // libpq's form, without a password; several hosts are asked in their order
  std::string password{};
  std::string application = "connectord";
  bool read_only = false;                          // any server will do, a replica too
  std::chrono::milliseconds connect_limit{5'000};  // for each host
  std::chrono::milliseconds statement_limit{30'000};
  std::chrono::milliseconds lock_limit{5'000};
  std::stop_token stop{};
};

// Why no connection is made to a server like that: what goes over a network must go over TLS with a certificate that
// is checked. "" for none. Never has anything of a password.
std::string why_not(const std::string& uri);

// A value of a statement's "$1".
class Parameter {
 public:
  Parameter(std::nullopt_t /*null*/) {}
  Parameter(std::string_view text) : value_(text) {}
  Parameter(const std::string& text) : value_(text) {}
  Parameter(const char* text) : value_(text) {}
  Parameter(bool value) : value_(value ? "t" : "f") {}
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) Parameter(Integer value) : value_(std::to_string(value)) {}
  template <class Value>
  Parameter(const std::optional<Value>& value) {
    if (value) *this = Parameter(*value);
  }
  // A bytea.
  static Parameter bytes(std::string_view value) {
    Parameter made{value};
    made.binary_ = true;
    return made;
  }

  const std::optional<std::string>& value() const { return value_; }
  bool is_binary() const { return binary_; }

 private:
  std::optional<std::string> value_;
  bool binary_ = false;
};
using Parameters = std::vector<Parameter>;

enum class Format : std::uint8_t { text, binary };

// What a statement has returned. Views live as long as it.
class Rows {
 public:
  Rows() = default;
  explicit Rows(PGresult* result) : result_(result) {}

  int size() const { return PQntuples(result_.get()); }
  bool empty() const { return size() == 0; }
  int columns() const { return PQnfields(result_.get()); }
  bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  std::string_view text(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }
  std::string string(int row, int column) const { return std::string(text(row, column)); }
  // Of a result in text; 0 for NULL.
  std::int64_t integer(int row, int column) const;
  std::optional<std::int64_t> optional_integer(int row, int column) const;
  bool boolean(int row, int column) const { return text(row, column) == "t"; }
  // Rows that an INSERT, UPDATE, DELETE or COPY has touched.
  std::int64_t affected() const;

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> result_;
};

class Connection {
 public:
  // With the schema "connectord" in front, UTF-8, UTC, ISO dates and no generic plans.
  static Result<Connection> connect(const Access& access);

  // One statement. After an error of the kind `unavailable` the connection is closed; the next call fails too.
  Result<Rows> execute(const std::string& sql, const Parameters& parameters = {}, Format results = Format::text);
  // Statements without parameters, of which nothing is returned.
  Result<> run(const std::string& script);

  // "COPY … FROM STDIN BINARY", or in text: its bytes go by put(). end_copy() says what became of all.
  Result<> begin_copy(const std::string& sql);
  Result<> put(std::string_view bytes);
  Result<Rows> end_copy();

  // True as soon as a notification has come that none of the calls before has reported, false after the limit.
  Result<bool> wait_for_notification(std::chrono::milliseconds limit);

  bool is_open() const { return handle_ != nullptr; }
  // What the server says of itself: 150018.
  int server_version() const { return PQserverVersion(handle_.get()); }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  using Clock = std::chrono::steady_clock;
  using Deadline = Clock::time_point;

  explicit Connection(const Access& access);
  static Result<Connection> connect_to(const Access& access, const std::vector<const char*>& keywords,
                                       const std::vector<const char*>& values);
  Result<> finish_connecting();
  Result<> refuse_pooler();
  Result<> wait_for(short events, Deadline deadline);
  Result<> flush(Deadline deadline);
  Result<Rows> last_result(Deadline deadline);
  Deadline deadline() const;
  Error lost(const std::string& message);
  Error lost();

  std::unique_ptr<PGconn, Finish> handle_;
  base::FileDescriptor wake_;  // readable once a stop is wanted
  std::stop_token stop_;
  std::chrono::milliseconds connect_limit_{};
  std::chrono::milliseconds statement_limit_{};
};

// Rolls back unless it was committed.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection);
  ~Transaction();
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Result<> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;  // nullptr once it is over
};

}  // namespace connectord::fleet::postgres
