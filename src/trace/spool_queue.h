#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/base/mutex.h"
#include "connectord/log/logger.h"
#include "connectord/trace/sqlite_store.h"
#include "spool.h"
#include "trouble.h"

namespace connectord::trace {

// The entries that are in the spool and not yet in the trace's file. Bounded in number and bytes: those who append wait
// for room, for a bounded time. Thread-safe.
class SpoolQueue {
 public:
  using Entries = std::vector<SpooledEntryPointer>;
  // So many entries are worth a transaction at once.
  static constexpr std::size_t enough = 512;

  // The options must outlive it.
  SpoolQueue(const SqliteOptions& options, Trouble& trouble, log::Logger& log)
      : options_(options), trouble_(trouble), log_(log), spool_(options.path) {}

  // Opens the spool for a trace's file that was just opened and has what is numbered up to `reached`; what the spool
  // has beyond that waits here then, and nothing else. Does nothing to a spool that is open. Throws sqlite::Error.
  void open(std::uint64_t reached, std::chrono::milliseconds lock_wait);
  // Where somebody took the file away, what waits is put into a new one. Throws sqlite::Error.
  void look_after_file();
  // What waits stays in the file.
  void close();

  // Returns when the entry is in the spool. True if it is time to take it in. A spool that cannot be written is
  // trouble.
  tl::expected<bool, std::string> append(StoredEntry entry);
  std::size_t size() const;

  // For the one who takes in: what waits, and that those up to this number need not any more.
  Entries entries() const;
  void done(std::uint64_t sequence);
  // Nothing is appended until it is resumed, if the spool has become long: it can be emptied only when nothing waits.
  bool pause_if_long();
  void resume();
  // Those who wait for room look again.
  void notify() { changed_.notify_all(); }
  // From here on, whoever appends is refused with this reason; no reason admits again.
  void refuse(std::string reason);
  // Why nothing can be appended now, that or trouble; empty if something can.
  std::string refusal() const;

 private:
  // Why an entry is not in the spool.
  struct Failure {
    std::string reason;
    bool is_trouble = false;  // the spool could not be written
  };

  tl::expected<bool, Failure> spool(StoredEntry entry);
  tl::expected<void, std::string> wait_for_room(std::size_t bytes, std::size_t record) REQUIRES(mutex_);
  std::string refusal_now() const REQUIRES(mutex_);
  std::uint64_t next_sequence() const REQUIRES(mutex_);
  void add(SpooledEntry entry) REQUIRES(mutex_);
  void forget_up_to(std::uint64_t sequence) REQUIRES(mutex_);
  // The end of the spool that could not be read.
  struct Unreadable {
    std::string file;
    std::size_t bytes = 0;
  };
  Unreadable open_spool(std::uint64_t reached, std::chrono::milliseconds lock_wait);
  Unreadable read_spool(std::uint64_t reached) REQUIRES(mutex_);
  void spool_again() REQUIRES(mutex_);

  const SqliteOptions& options_;
  Trouble& trouble_;
  log::Logger& log_;
  mutable base::Mutex mutex_;
  base::ConditionVariable changed_;
  Spool spool_ GUARDED_BY(mutex_);
  bool was_read_ GUARDED_BY(mutex_) = false;
  std::uint64_t sequence_ GUARDED_BY(mutex_) = 0;  // of the last entry
  Entries entries_ GUARDED_BY(mutex_);
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;
  bool paused_ GUARDED_BY(mutex_) = false;
  std::string refusal_ GUARDED_BY(mutex_) = "the trace is not open";
};

}  // namespace connectord::trace
