#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "connectord/log/logger.h"
#include "connectord/trace/feed.h"
#include "connectord/trace/search.h"
#include "connectord/trace/store.h"

namespace connectord::trace {

struct SqliteOptions {
  std::string path;
  std::chrono::milliseconds keep{std::chrono::hours(24 * 90)};
  // How long a call waits at most for others that write.
  std::chrono::milliseconds wait{5'000};
  // How long a lock of another process is waited for.
  std::chrono::milliseconds lock_wait{4'000};
  // How long the first entry of a transaction waits for others.
  std::chrono::milliseconds gather{10};
  // Between attempts to end an outage.
  std::chrono::milliseconds retry{1'000};
  // So many entries may be kept and not in the file yet. Beyond that, calls wait.
  std::size_t max_waiting = 10'000;
  // Where a second place takes the rows (feed.h): so many bytes of those that wait for it stay beyond `keep`.
  std::optional<std::uint64_t> feed_bytes{};
  // Milliseconds since 1970, by which old rows are removed.
  std::function<std::int64_t()> clock = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
};

// A trace in one file of SQLite's. An entry is appended to a second file, the spool, before its call returns; a thread
// ingests what came in some milliseconds into the first in one transaction. What a process that was killed left in the
// spool is ingested by the next one, or by whoever opens the trace for reading and may write to it.
//
// While the file cannot be written, every call fails at once with the reason, and it is tried again until it can. The
// log has one line when such an outage begins, and one when it is over: when what waited is in the file. A damaged file
// is set aside under a name with the time, and a new one begun. A file of a later version of this program stays as it
// is, and the outage lasts. Where one of the files is removed or replaced, the log says so within a second, and the
// store goes on with what has the name then; what was kept last is in it.
class SqliteStore : public Store {
 public:
  SqliteStore(SqliteOptions options, log::Logger& log);
  ~SqliteStore() override;
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  // Opens the files, and starts the thread. Before this, and after stop(), every call fails.
  void start();
  // What waits is written first.
  void stop();
  void set_keep(std::chrono::milliseconds keep);
  // How far a second place has the rows, so that they need not be kept for it any more.
  void note_fed(const FeedCursor& cursor);

  tl::expected<void, std::string> append(const Entry& entry) override;
  tl::expected<Recorded, std::string> record(const LogBatch& batch) override;
  tl::expected<std::string, std::string> position() override;
  std::size_t waiting() const override;
  Condition condition() const override;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// For a moment, beside the process that keeps the trace: record() writes into the file, at once; nothing else can be
// kept. A trace that is not there is not made.
std::unique_ptr<Store> open_to_record(const std::string& path);

// Opens the file for reading. On failure says why, and what to do. Makes no trace. Root reads with the rights of
// whoever may put another file in the place of this one.
tl::expected<std::unique_ptr<Archive>, std::string> open_sqlite_archive(const std::string& path);

}  // namespace connectord::trace
