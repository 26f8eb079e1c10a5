#include "sqlite.h"

#include <cerrno>
#include <cstring>

namespace connectord::trace::sqlite {
namespace {

[[noreturn]] void fail(sqlite3* handle, int code) {
  std::string what = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  const int system_error = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  const bool has_cause = (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_IOERR;
  if (has_cause && system_error != 0) what += std::string(": ") + std::strerror(system_error);
  throw Error(code, what);
}

}  // namespace

StoreError::Kind Error::kind() const {
  switch (code()) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return StoreError::Kind::damaged;
    case SQLITE_PERM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
    case SQLITE_INTERRUPT:
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
      return StoreError::Kind::unavailable;
    default:
      return StoreError::Kind::rejected;
  }
}

std::string column_list(std::span<const std::string_view> columns, std::string_view prefix) {
  std::string list;
  for (const std::string_view column : columns) {
    list.append(list.empty() ? "" : ", ").append(prefix).append(column);
  }
  return list;
}

std::string insert_into(std::string_view table, std::span<const std::string_view> columns, std::string_view verb) {
  std::string sql(verb);
  sql.append(" INTO ").append(table).append("(").append(column_list(columns)).append(") VALUES (");
  for (std::size_t i = 1; i <= columns.size(); ++i) sql.append(i == 1 ? "?" : ",?").append(std::to_string(i));
  return sql + ")";
}

Statement::Statement(Database& database, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database.get(), sql.c_str(), static_cast<int>(sql.size()) + 1,
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) fail(database.get(), code);
  statement_.reset(statement);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) fail(sqlite3_db_handle(statement_.get()), code);
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), parameter, value));
  return *this;
}

Statement& Statement::bind(int parameter, std::optional<std::int64_t> value) {
  if (value) return bind(parameter, *value);
  check(sqlite3_bind_null(statement_.get(), parameter));
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  if (!text.empty()) return bind_text(parameter, text);
  check(sqlite3_bind_null(statement_.get(), parameter));
  return *this;
}

Statement& Statement::bind_text(int parameter, std::string_view text) {
  const char* bytes = text.empty() ? "" : text.data();
  check(sqlite3_bind_text(statement_.get(), parameter, bytes, static_cast<int>(text.size()), SQLITE_STATIC));
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  if (bytes.empty()) {
    check(sqlite3_bind_null(statement_.get(), parameter));
  } else {
    check(sqlite3_bind_blob(statement_.get(), parameter, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC));
  }
  return *this;
}

int Statement::place_of(const std::string& name) const {
  return sqlite3_bind_parameter_index(statement_.get(), name.c_str());
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* handle = sqlite3_db_handle(statement_.get());
  try {
    fail(handle, sqlite3_extended_errcode(handle));
  } catch (...) {
    sqlite3_reset(statement_.get());
    throw;
  }
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer_at(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

bool Statement::is_null_at(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

bool Statement::is_integer_at(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_INTEGER;
}

std::string_view Statement::text_at(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return bytes == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(bytes), size);
}

Database::Database(const std::string& path, int flags, int lock_wait_ms) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) fail(handle, code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, lock_wait_ms);
}

void Database::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(handle_.get(), code);
}

void Database::begin() {
  if (!begin_.is_ready()) begin_ = Statement(*this, "BEGIN IMMEDIATE");
  begin_.run();
}

void Database::commit() {
  if (!commit_.is_ready()) commit_ = Statement(*this, "COMMIT");
  commit_.run();
}

void Database::roll_back() {
  if (sqlite3_get_autocommit(handle_.get()) == 0) sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

std::optional<std::int64_t> Database::integer(const std::string& sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.optional_integer() : std::nullopt;
}

Transaction::~Transaction() {
  if (open_) database_.roll_back();
}

}  // namespace connectord::trace::sqlite
