#include "database_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace connectord::trace {
namespace {

// By SQLite's own answers of what it has open.
bool was_moved(sqlite::Database& database) {
  int moved = 0;
  return sqlite3_file_control(database.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

bool has_content(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && status.st_size > 0;
}

}  // namespace

StoreResult<FileIdentity> identity_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return FileIdentity{status.st_dev, status.st_ino};
  if (errno == ENOENT || errno == ENOTDIR) return FileIdentity{};
  return unavailable(path + " cannot be found: " + std::strerror(errno));
}

StoreResult<bool> DatabaseFiles::File::is_in_place() const {
  return identity_of(path).map([this](const FileIdentity& now) { return now == identity; });
}

StoreResult<DatabaseFiles> DatabaseFiles::of(sqlite::Database& database, const std::string& path) {
  // SQLite names the others after what a symbolic link leads to.
  const std::string resolved = sqlite3_db_filename(database.get(), "main");
  std::array<File, 3> files = {File{path, {}}, File{resolved + "-wal", {}}, File{resolved + "-shm", {}}};
  bool all_there = true;
  for (File& file : files) {
    const auto identity = identity_of(file.path);
    if (!identity) return tl::unexpected(identity.error());
    file.identity = *identity;
    all_there = all_there && identity->is_there();
  }
  const DatabaseFiles made(std::move(files));
  if (all_there && has_content(made.log().path) && !was_moved(database)) return made;
  return unavailable(path + " was removed or replaced while it was opened");
}

StoreResult<bool> DatabaseFiles::are_in_place() const {
  for (const File& file : files_) {
    auto in_place = file.is_in_place();
    if (!in_place || !*in_place) return in_place;
  }
  return true;
}

StoreResult<bool> DatabaseFiles::database_is_in_place() const {
  return database().is_in_place();
}

StoreResult<bool> DatabaseFiles::another_log_is_there() const {
  return log().is_in_place().map([this](bool in_place) { return !in_place && has_content(log().path); });
}

StoreResult<> DatabaseFiles::remove_leftovers() const {
  const auto database_in_place = database().is_in_place();
  if (!database_in_place) return tl::unexpected(database_in_place.error());
  const auto log_in_place = log().is_in_place();
  if (!log_in_place) return tl::unexpected(log_in_place.error());
  if (!*database_in_place && *log_in_place) ::unlink(log().path.c_str());
  if (*database_in_place && *log_in_place) return {};
  return index().is_in_place().map([this](bool in_place) {
    if (in_place) ::unlink(index().path.c_str());
  });
}

}  // namespace connectord::trace
