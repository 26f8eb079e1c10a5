#pragma once

#include <sys/types.h>

#include <array>
#include <string>
#include <utility>

#include "sqlite.h"

namespace connectord::trace {

// Which file a name leads to.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;  // 0: there is none

  bool is_there() const { return inode != 0; }
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// By stat(2), which opens nothing: the kernel drops all POSIX locks that a process has on a file as soon as the process
// closes any descriptor of it, SQLite's own locks included. So nothing but SQLite may open SQLite's files. Fails where
// it cannot be known, such as in a folder that may not be searched.
StoreResult<FileIdentity> identity_of(const std::string& path);

// The files that a connection has open: the database, the write-ahead log and the index of that. SQLite does not notice
// when somebody removes or replaces them, and goes on with files that nobody else can find.
class DatabaseFiles {
 public:
  // Of a connection to `path` that has just written, so that all three are there. Fails where they have been moved
  // already.
  static StoreResult<DatabaseFiles> of(sqlite::Database& database, const std::string& path);

  // Whether each still has its name. These fail as identity_of() does. Their answers are valid while the connection is
  // open: after that, a new file may get the number of a removed one.
  StoreResult<bool> are_in_place() const;
  StoreResult<bool> database_is_in_place() const;
  // Whether another program has begun a log of its own under the name of ours, and written to it.
  StoreResult<bool> another_log_is_there() const;
  // Removes what is still there of a set of files that no longer belongs together, since SQLite would trust it. No
  // connection of this process may have them open.
  StoreResult<> remove_leftovers() const;

 private:
  struct File {
    std::string path;
    FileIdentity identity;

    StoreResult<bool> is_in_place() const;
  };
  explicit DatabaseFiles(std::array<File, 3> files) : files_(std::move(files)) {}
  const File& database() const { return files_[0]; }
  const File& log() const { return files_[1]; }
  const File& index() const { return files_[2]; }

  std::array<File, 3> files_;
};

}  // namespace connectord::trace
