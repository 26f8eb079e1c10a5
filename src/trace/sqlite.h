#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "store_error.h"

// Owners for SQLite's handles. What SQLite reports is thrown, so that a chain of calls on a statement needs no check
// after each; guarded() makes a StoreError of it, and nothing else catches it.
namespace connectord::trace::sqlite {

class Error : public std::runtime_error {
 public:
  Error(int code, const std::string& what) : std::runtime_error(what), code_(code) {}
  int code() const { return code_ & 0xff; }  // the primary one
  StoreError::Kind kind() const;

 private:
  int code_;
};

template <class Value>
struct ResultOf {
  using Type = StoreResult<Value>;
};
template <class Value>
struct ResultOf<StoreResult<Value>> {
  using Type = StoreResult<Value>;
};

// What `work` returns, or what was thrown meanwhile. Work that returns a StoreResult is not wrapped a second time.
template <class Work>
auto guarded(Work&& work) -> typename ResultOf<std::invoke_result_t<Work>>::Type {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Work>>) {
      work();
      return {};
    } else {
      return work();
    }
  } catch (const Error& error) {
    return tl::unexpected(StoreError{error.kind(), error.what()});
  } catch (const std::exception& error) {  // such as no memory, where it is not SQLite's
    return unavailable(error.what());
  }
}

template <class Type>
concept Enumeration = std::is_enum_v<Type>;

class Database;

// A prepared statement. The columns of a SELECT, and the parameters of an INSERT, are named by the enumerators of an
// enumeration in the order in which the statement has them; other parameters have the number that the statement gives
// them ("?1"). A text or blob that was bound must live until reset().
class Statement {
 public:
  Statement() = default;
  Statement(Database& database, const std::string& sql);

  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view text);  // an empty one is NULL
  Statement& bind_text(int parameter, std::string_view text);
  Statement& bind_blob(int parameter, std::string_view bytes);  // an empty one is NULL
  Statement& bind(int parameter, std::optional<std::int64_t> value);
  // The value of a column, in a statement of insert_into().
  template <Enumeration Column, class Value>
  Statement& bind(Column column, const Value& value) {
    return bind(parameter_of(column), value);
  }
  template <Enumeration Column>
  Statement& bind_blob(Column column, std::string_view bytes) {
    return bind_blob(parameter_of(column), bytes);
  }

  // Of a named parameter; 0 where the statement has none of that name.
  int place_of(const std::string& name) const;

  // True: there is a row.
  bool step();
  // Runs to the end, and makes it ready to be run again.
  void run();
  void reset();

  bool is_ready() const { return statement_ != nullptr; }

  template <Enumeration Column>
  std::int64_t integer(Column column) const {
    return integer_at(index_of(column));
  }
  template <Enumeration Column>
  std::optional<std::int64_t> optional_integer(Column column) const {
    return is_null_at(index_of(column)) ? std::nullopt : std::optional(integer(column));
  }
  // Whether the value is an integer, in a column that may have another type too.
  template <Enumeration Column>
  bool is_integer(Column column) const {
    return is_integer_at(index_of(column));
  }
  // Valid until the next step() or reset().
  template <Enumeration Column>
  std::string_view text(Column column) const {
    return text_at(index_of(column));
  }
  template <Enumeration Column>
  std::string string(Column column) const {
    return std::string(text(column));
  }

  // The same of the first column, for a SELECT that has no other.
  std::int64_t integer() const { return integer_at(0); }
  std::optional<std::int64_t> optional_integer() const {
    return is_null_at(0) ? std::nullopt : std::optional(integer());
  }
  std::string string() const { return std::string(text_at(0)); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  template <Enumeration Column>
  static constexpr int index_of(Column column) {
    return static_cast<int>(column);
  }
  template <Enumeration Column>
  static constexpr int parameter_of(Column column) {
    return static_cast<int>(column) + 1;
  }
  void check(int code) const;
  std::int64_t integer_at(int column) const;
  bool is_null_at(int column) const;
  bool is_integer_at(int column) const;
  std::string_view text_at(int column) const;

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// "a, b, c"; with the prefix "m." "m.a, m.b, m.c".
std::string column_list(std::span<const std::string_view> columns, std::string_view prefix = "");

// "INSERT INTO table(a, b) VALUES (?1,?2)". `verb` may also be "INSERT OR IGNORE".
std::string insert_into(std::string_view table, std::span<const std::string_view> columns,
                        std::string_view verb = "INSERT");

// Resets a statement at the end of a scope, also when something is thrown.
class ScopedReset {
 public:
  explicit ScopedReset(Statement& statement) : statement_(statement) {}
  ~ScopedReset() { statement_.reset(); }
  ScopedReset(const ScopedReset&) = delete;
  ScopedReset& operator=(const ScopedReset&) = delete;

 private:
  Statement& statement_;
};

class Database {
 public:
  // `flags` are those of sqlite3_open_v2. `lock_wait_ms` is how long a lock of another connection is waited for.
  Database(const std::string& path, int flags, int lock_wait_ms);

  sqlite3* get() const { return handle_.get(); }
  void execute(const char* sql);
  // Transactions are so many that their statements are prepared once.
  void begin();
  void commit();
  void roll_back();
  // The first column of the first row; std::nullopt where there is none, or NULL.
  std::optional<std::int64_t> integer(const std::string& sql);
  int changes() const { return sqlite3_changes(handle_.get()); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
  // After the handle that they belong to.
  Statement begin_;
  Statement commit_;
};

// Rolls back unless it was committed.
class Transaction {
 public:
  // Takes the lock for writing at once, so that it cannot be missing later.
  explicit Transaction(Database& database) : database_(database) { database_.begin(); }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit() {
    database_.commit();
    open_ = false;
  }

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace connectord::trace::sqlite
