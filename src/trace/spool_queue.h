#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "connectord/base/mutex.h"
#include "connectord/trace/sqlite_store.h"
#include "spool.h"
#include "store_error.h"
#include "store_health.h"

namespace connectord::trace {

// The entries that are in the spool and not yet in the trace's file. Bounded in number and bytes: those who append wait
// for room, for a bounded time. Thread-safe.
class SpoolQueue {
 public:
  using Entries = std::vector<SpooledEntryPointer>;
  // So many entries are worth a transaction at once.
  static constexpr std::size_t enough = 512;

  // Keeps references to the options and to `health`.
  SpoolQueue(const SqliteOptions& options, StoreHealth& health)
      : options_(options), health_(health), spool_(options.path) {}

  // Opens the spool for a trace's file that was just opened and has the entries up to `last_ingested`; what the spool
  // has beyond that waits here then, and nothing else. Does nothing to a spool that is open. Returns how many bytes at
  // the spool's end could not be read, and were cut off.
  StoreResult<std::size_t> open(std::uint64_t last_ingested, std::chrono::milliseconds lock_wait);
  // Where the file was removed or replaced, what waits is put into a new one.
  StoreResult<> replace_missing_file();
  // What waits stays in the file.
  void close();

  // Returns when the entry is in the spool. True if it is time to ingest. A spool that cannot be written is an outage.
  StoreResult<bool> append(StoredEntry entry);
  std::size_t size() const;
  // It never changes, so no lock is needed.
  const std::string& path() const NO_THREAD_SAFETY_ANALYSIS { return spool_.path(); }

  // For the thread that ingests: what waits, and that those up to this number are done with.
  Entries entries() const;
  void done(std::uint64_t sequence);
  // Nothing is appended until it is resumed, if the spool has become long: it can be emptied only when nothing waits.
  bool pause_if_long();
  void resume();
  // Those who wait for room look again.
  void notify() { changed_.notify_all(); }
  // From here on, whoever appends is refused for that reason.
  void refuse(std::string reason);
  void admit();
  // Fails where nothing can be appended now, because of that or of an outage.
  StoreResult<> check() const;

 private:
  struct Attempt {
    StoreResult<bool> appended;
    bool had_room = false;
  };

  Attempt try_to_append(StoredEntry entry);
  StoreResult<> wait_for_room(std::size_t bytes, std::size_t record) REQUIRES(mutex_);
  StoreResult<bool> append_numbered(std::string record, StoredEntry entry) REQUIRES(mutex_);
  StoreResult<> check_locked() const REQUIRES(mutex_);
  std::uint64_t next_sequence() const REQUIRES(mutex_);
  void add(SpooledEntry entry) REQUIRES(mutex_);
  void forget_up_to(std::uint64_t sequence) REQUIRES(mutex_);
  StoreResult<std::size_t> read_spool(std::uint64_t last_ingested) REQUIRES(mutex_);
  StoreResult<> spool_again() REQUIRES(mutex_);

  const SqliteOptions& options_;
  StoreHealth& health_;
  mutable base::Mutex mutex_;
  base::ConditionVariable changed_;
  Spool spool_ GUARDED_BY(mutex_);
  bool was_read_ GUARDED_BY(mutex_) = false;
  std::uint64_t sequence_ GUARDED_BY(mutex_) = 0;  // of the last entry
  Entries entries_ GUARDED_BY(mutex_);
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;
  bool paused_ GUARDED_BY(mutex_) = false;
  StoreResult<> admission_ GUARDED_BY(mutex_) = unavailable("the trace is not open");
};

}  // namespace connectord::trace
