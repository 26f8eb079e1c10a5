#include "spool_queue.h"

#include <algorithm>
#include <utility>

#include "connectord/base/time.h"
namespace connectord::trace {
namespace {

constexpr std::size_t max_bytes = std::size_t{64} << 20U;
// Beyond this size the spool is emptied even while there is much to do.
constexpr std::size_t max_spool_size = std::size_t{4} << 20U;

}  // namespace

StoreResult<std::size_t> SpoolQueue::open(std::uint64_t last_ingested, std::chrono::milliseconds lock_wait) {
  const base::MutexLock lock(mutex_);
  // An attempt may have succeeded that seemed to have failed, or a reader may have ingested what the spool had.
  forget_up_to(last_ingested);
  StoreResult<std::size_t> opened = 0;
  if (!was_read_) {
    opened = spool_.open(lock_wait).and_then([&]() REQUIRES(mutex_) { return read_spool(last_ingested); });
  } else if (!spool_.is_in_place()) {
    opened = spool_again().map([] { return std::size_t{0}; });
  }
  if (!opened) return opened;
  was_read_ = true;
  sequence_ = std::max(sequence_, last_ingested);
  return opened;
}

StoreResult<> SpoolQueue::replace_missing_file() {
  const base::MutexLock lock(mutex_);
  return spool_.is_in_place() ? StoreResult<>() : spool_again();
}

void SpoolQueue::close() {
  const base::MutexLock lock(mutex_);
  spool_.close();
  was_read_ = false;
  entries_.clear();
  bytes_ = 0;
}

StoreResult<std::size_t> SpoolQueue::read_spool(std::uint64_t last_ingested) {
  return spool_.read().map([&](Spool::Content content) REQUIRES(mutex_) {
    for (SpooledEntry& one : content.entries) {
      sequence_ = std::max(sequence_, one.sequence);
      if (one.sequence > last_ingested) add(std::move(one));
    }
    return content.unreadable;
  });
}

StoreResult<> SpoolQueue::spool_again() {
  constexpr std::chrono::milliseconds lock_wait{50};  // nobody else knows it yet
  return spool_.open(lock_wait)
      .and_then([this]() REQUIRES(mutex_) { return spool_.read(); })
      .and_then([this](const auto& content) REQUIRES(mutex_) {
        const std::uint64_t last = content.entries.empty() ? 0 : content.entries.back().sequence;
        std::string records;
        for (const SpooledEntryPointer& one : entries_) {
          if (one->sequence <= last) continue;
          std::string record = spool_record(one->entry);
          number_record(record, one->sequence);
          records += record;
        }
        return spool_.append(records);
      });
}

StoreResult<bool> SpoolQueue::append(StoredEntry entry) {
  Attempt attempt = try_to_append(std::move(entry));
  if (attempt.appended) return attempt.appended;
  // Without the lock, since it is logged.
  if (attempt.had_room) health_.begin_outage(attempt.appended.error().reason);
  health_.count_failure();
  return attempt.appended;
}

SpoolQueue::Attempt SpoolQueue::try_to_append(StoredEntry entry) {
  std::string record = spool_record(entry);
  const base::MutexLock lock(mutex_);
  if (auto room = wait_for_room(entry.bytes(), record.size()); !room) {
    return {.appended = tl::unexpected(std::move(room.error()))};
  }
  return {.appended = append_numbered(std::move(record), std::move(entry)), .had_room = true};
}

StoreResult<bool> SpoolQueue::append_numbered(std::string record, StoredEntry entry) {
  const std::uint64_t sequence = next_sequence();
  number_record(record, sequence);
  if (auto written = spool_.append(record); !written) return tl::unexpected(std::move(written.error()));
  sequence_ = sequence;
  add({sequence, std::move(entry)});
  return entries_.size() == 1 || entries_.size() == enough;
}

// The time, in microseconds: so it is higher than what any file of this trace has, also one that is put back in the
// place of another.
std::uint64_t SpoolQueue::next_sequence() const {
  return std::max(sequence_ + 1, static_cast<std::uint64_t>(options_.clock() * base::second_ms));
}

StoreResult<> SpoolQueue::wait_for_room(std::size_t bytes, std::size_t record) {
  if (record > max_record_length) return unavailable("there is too much of it for one entry");
  const auto has_room = [&]() REQUIRES(mutex_) {
    return !paused_ && entries_.size() < options_.max_waiting && bytes_ + bytes <= max_bytes && spool_.has_room(record);
  };
  const auto is_settled = [&]() REQUIRES(mutex_) { return has_room() || !check_locked(); };
  if (!changed_.wait_for(mutex_, options_.wait, is_settled)) {
    return unavailable("too much is waiting to be written to the trace");
  }
  return check_locked();
}

// During an outage nothing is tried: it is known to be in vain.
StoreResult<> SpoolQueue::check_locked() const {
  return admission_ ? health_.check() : admission_;
}

StoreResult<> SpoolQueue::check() const {
  const base::MutexLock lock(mutex_);
  return check_locked();
}

void SpoolQueue::add(SpooledEntry entry) {
  bytes_ += entry.entry.bytes();
  entries_.push_back(std::make_shared<const SpooledEntry>(std::move(entry)));
}

std::size_t SpoolQueue::size() const {
  const base::MutexLock lock(mutex_);
  return entries_.size();
}

SpoolQueue::Entries SpoolQueue::entries() const {
  const base::MutexLock lock(mutex_);
  return entries_;
}

void SpoolQueue::done(std::uint64_t sequence) {
  const base::MutexLock lock(mutex_);
  forget_up_to(sequence);
  if (entries_.empty()) spool_.clear();
}

void SpoolQueue::forget_up_to(std::uint64_t sequence) {
  const auto end =
      std::find_if(entries_.begin(), entries_.end(), [sequence](const auto& one) { return one->sequence > sequence; });
  for (auto one = entries_.begin(); one != end; ++one) bytes_ -= (*one)->entry.bytes();
  entries_.erase(entries_.begin(), end);
}

bool SpoolQueue::pause_if_long() {
  const base::MutexLock lock(mutex_);
  return paused_ = spool_.size() > max_spool_size;
}

void SpoolQueue::resume() {
  const base::MutexLock lock(mutex_);
  paused_ = false;
}

void SpoolQueue::refuse(std::string reason) {
  const base::MutexLock lock(mutex_);
  admission_ = unavailable(std::move(reason));
  notify();
}

void SpoolQueue::admit() {
  const base::MutexLock lock(mutex_);
  admission_ = {};
  notify();
}

}  // namespace connectord::trace
