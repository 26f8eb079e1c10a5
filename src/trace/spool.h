#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/base/file_descriptor.h"
#include "spool_record.h"
#include "store_error.h"

namespace connectord::trace {

// The file beside the trace's own that entries are in before they are in that one. Each is appended by one system call,
// so that it is written before the answer is given, and survives the end of this process. Held by one process at a time
// (flock(2)). Not thread-safe.
class Spool {
 public:
  // It never has more bytes than this, and no more of it is read.
  static constexpr std::size_t max_size = std::size_t{256} << 20U;

  explicit Spool(const std::string& trace_file);

  const std::string& path() const { return path_; }
  bool is_open() const { return file_.get() >= 0; }
  // Makes the file where there is none, for its owner alone, since who may open it could also hold it; waits for
  // another process to release it.
  StoreResult<> open(std::chrono::milliseconds wait);
  // Releases it.
  void close() { file_ = {}; }
  // False if the file was moved or removed: nobody finds what is appended then.
  bool is_in_place() const;

  struct Content {
    std::vector<SpooledEntry> entries;
    std::size_t unreadable = 0;  // bytes
  };
  // The entries in it, up to the first that is not whole. What follows that is cut off.
  StoreResult<Content> read();
  bool has_room(std::size_t bytes) const { return size_ + bytes <= max_size; }
  // All of it or nothing.
  StoreResult<> append(std::string_view records);
  void clear();
  std::size_t size() const { return size_; }

 private:
  std::string path_;
  base::FileDescriptor file_;
  std::size_t size_ = 0;
};

// Ingests into the trace's file what is in its spool, where the daemon that would do so does not run, as SQLite's own
// log is brought in by whoever opens the file first. While the daemon runs, waits a moment until it has done so.
// `last_ingested` returns the number of the last entry that is in the file; what it throws is not caught. Makes neither
// file, and follows no symbolic link at the spool's name.
void ingest_leftover_spool(const std::string& trace_file, const std::function<std::uint64_t()>& last_ingested);

}  // namespace connectord::trace
