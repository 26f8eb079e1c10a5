#include "database_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace connectord::trace {
namespace {

// By SQLite's own knowledge of what it has open.
bool was_moved(sqlite::Database& database) {
  int moved = 0;
  return sqlite3_file_control(database.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

bool has_content(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && status.st_size > 0;
}

}  // namespace

FileIdentity identity_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return {status.st_dev, status.st_ino};
  if (errno == ENOENT || errno == ENOTDIR) return {};
  throw sqlite::Error(SQLITE_CANTOPEN, path + " cannot be found: " + std::strerror(errno));
}

DatabaseFiles::DatabaseFiles(sqlite::Database& database, const std::string& path) {
  // SQLite names the others after what a symbolic link leads to.
  const std::string resolved = sqlite3_db_filename(database.get(), "main");
  files_ = {File{path, {}}, File{resolved + "-wal", {}}, File{resolved + "-shm", {}}};
  for (File& file : files_) file.identity = identity_of(file.path);
  const bool all_there =
      std::all_of(files_.begin(), files_.end(), [](const File& file) { return file.identity.is_there(); });
  if (!all_there || !has_content(log().path) || was_moved(database)) {
    throw sqlite::Error(SQLITE_IOERR, path + " was removed or replaced while it was opened");
  }
}

bool DatabaseFiles::are_in_place() const {
  return std::all_of(files_.begin(), files_.end(), [](const File& file) { return file.is_in_place(); });
}

bool DatabaseFiles::database_is_in_place() const {
  return database().is_in_place();
}

bool DatabaseFiles::another_log_is_there() const {
  return !log().is_in_place() && has_content(log().path);
}

void DatabaseFiles::remove_leftovers() const {
  const bool database_is_gone = !database().is_in_place();
  const bool log_is_gone = !log().is_in_place();
  if (database_is_gone && !log_is_gone) ::unlink(log().path.c_str());
  if ((database_is_gone || log_is_gone) && index().is_in_place()) ::unlink(index().path.c_str());
}

}  // namespace connectord::trace
