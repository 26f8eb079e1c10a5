#pragma once

#include "sqlite.h"

namespace connectord::trace {

// SQLite's write-ahead log of a connection, which is brought into the database when the writer says so. Belongs to one
// thread. Throws sqlite::Error.
class WriteAheadLog {
 public:
  // Both must stay where they are.
  explicit WriteAheadLog(sqlite::Database& database);
  WriteAheadLog(const WriteAheadLog&) = delete;
  WriteAheadLog& operator=(const WriteAheadLog&) = delete;

  // Brings what was written into the database, if the log has at least so many pages. A reader only puts that off.
  void checkpoint(int least_pages);
  // Brings in all of it, whatever has become of the log's name; waits for readers. Call it where nothing else can have
  // written to the file.
  void checkpoint_all();
  // What is in the log stays there when the connection is closed.
  void keep_on_close();

 private:
  void reset_statements();

  sqlite::Database& database_;
  int pages_ = 0;
};

}  // namespace connectord::trace
