#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/base/file_descriptor.h"
#include "spool_record.h"

namespace connectord::trace {

// The file beside the trace's own that entries are in before they are in that one: appended by one system call each, so
// that it is done before the answer, and survives the end of this process. Held by one process at a time (flock(2)).
// Not thread-safe.
class Spool {
 public:
  // It never has more bytes than this, and no more of it is read.
  static constexpr std::size_t largest = std::size_t{256} << 20U;

  explicit Spool(const std::string& trace_file);

  const std::string& path() const { return path_; }
  bool is_open() const { return file_.get() >= 0; }
  // Makes the file where there is none, for its owner alone, since who may open it could also hold it; waits for
  // another process to let go of it.
  tl::expected<void, std::string> open(std::chrono::milliseconds wait);
  // Lets go of it.
  void close() { file_ = {}; }
  // False if somebody has moved or removed the file: what is appended then, nobody finds.
  bool is_in_place() const;

  struct Content {
    std::vector<SpooledEntry> entries;
    std::size_t unreadable = 0;  // bytes
  };
  // The entries in it, up to the first that is not whole. What follows that is cut off.
  tl::expected<Content, std::string> read();
  bool has_room(std::size_t bytes) const { return size_ + bytes <= largest; }
  // All of it or nothing.
  tl::expected<void, std::string> append(std::string_view records);
  void clear();
  std::size_t size() const { return size_; }

 private:
  std::string path_;
  base::FileDescriptor file_;
  std::size_t size_ = 0;
};

// Takes into the trace's file what lies in its spool, where the daemon that would do so does not run: SQLite's own log
// is taken in likewise by whoever opens the file first. While the daemon runs, waits a moment until it has. `reached`
// tells the number of the last entry that is in the file. Makes neither file, and follows no symbolic link at the
// spool's name.
void catch_up(const std::string& trace_file, const std::function<std::uint64_t()>& reached);

}  // namespace connectord::trace
