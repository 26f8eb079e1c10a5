#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

// Owners for SQLite's handles. What goes wrong is thrown, and caught where the module's interface is.
namespace connectord::trace::sqlite {

class Error : public std::runtime_error {
 public:
  Error(int code, const std::string& what) : std::runtime_error(what), code_(code) {}
  int code() const { return code_ & 0xff; }  // the primary one
  // The file is no database, or damaged.
  bool is_damage() const { return code() == SQLITE_CORRUPT || code() == SQLITE_NOTADB; }
  // Nothing is wrong with what was written, but with where to: the disk, the file, its rights, a lock.
  bool is_of_the_place() const;

 private:
  int code_;
};

class Database;

// A prepared statement. Parameters count from 1, columns from 0. A text or blob that was bound must live until reset().
class Statement {
 public:
  Statement() = default;
  Statement(Database& database, const std::string& sql);

  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view text);  // an empty one is NULL
  Statement& bind_text(int parameter, std::string_view text);
  Statement& bind_blob(int parameter, std::string_view bytes);  // an empty one is NULL
  Statement& bind(int parameter, std::optional<std::int64_t> value);

  // Of a named parameter; 0 where the statement has none of that name.
  int place_of(const std::string& name) const;

  // True: there is a row.
  bool step();
  // Runs to the end, and makes it ready to be run again.
  void run();
  void reset();

  bool is_ready() const { return statement_ != nullptr; }

  std::int64_t integer(int column) const;
  std::optional<std::int64_t> optional_integer(int column) const;
  // Valid until the next step() or reset().
  std::string_view text(int column) const;
  std::string string(int column) const { return std::string(text(column)); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  void check(int code) const;

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Resets a statement at the end of a scope, also when something is thrown.
class Resetting {
 public:
  explicit Resetting(Statement& statement) : statement_(statement) {}
  ~Resetting() { statement_.reset(); }
  Resetting(const Resetting&) = delete;
  Resetting& operator=(const Resetting&) = delete;

 private:
  Statement& statement_;
};

class Database {
 public:
  // `flags` are those of sqlite3_open_v2. `lock_wait` is how long a lock of somebody else is waited for.
  Database(const std::string& path, int flags, int lock_wait_ms);

  sqlite3* get() const { return handle_.get(); }
  void execute(const char* sql);
  // For transactions, which are so many that their words are prepared once.
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
