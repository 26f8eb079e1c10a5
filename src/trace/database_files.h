#pragma once

#include <sys/types.h>

#include <array>
#include <string>

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
// closes any descriptor of it, SQLite's own locks included. So nothing but SQLite may open SQLite's files. Throws
// sqlite::Error where it cannot be known, such as in a folder that may not be looked into.
FileIdentity identity_of(const std::string& path);

// The files that a connection has open: the database, the write-ahead log and the index of that. SQLite does not notice
// when somebody removes or replaces them, and goes on with files that nobody else can find.
class DatabaseFiles {
 public:
  // Of a connection to `path` that has just written, so that all three are there. Throws sqlite::Error where they have
  // been moved already.
  DatabaseFiles(sqlite::Database& database, const std::string& path);

  // Whether each still has its name. These throw as identity_of() does. They hold while the connection is open: after
  // that, a new file may get the number of a removed one.
  bool are_in_place() const;
  bool database_is_in_place() const;
  // Whether somebody else has begun a log of their own under the name of ours, and written to it.
  bool another_log_is_there() const;
  // Removes what is still there of a set of files that belongs together no more, since SQLite would believe it. No
  // connection of this process may have them open.
  void remove_leftovers() const;

 private:
  struct File {
    std::string path;
    FileIdentity identity;

    bool is_in_place() const { return identity_of(path) == identity; }
  };
  const File& database() const { return files_[0]; }
  const File& log() const { return files_[1]; }
  const File& index() const { return files_[2]; }

  std::array<File, 3> files_;
};

}  // namespace connectord::trace
