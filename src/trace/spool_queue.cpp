#include "spool_queue.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "connectord/base/time.h"
#include "sqlite.h"

namespace connectord::trace {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} << 20U;
// Beyond this size the spool is emptied even while there is much to do.
constexpr std::size_t longest_spool = std::size_t{4} << 20U;

template <class Result>
Result value_or_trouble(tl::expected<Result, std::string> result) {
  if (!result) throw sqlite::Error(SQLITE_CANTOPEN, result.error());
  if constexpr (!std::is_void_v<Result>) return std::move(*result);
}

}  // namespace

void SpoolQueue::open(std::uint64_t reached, std::chrono::milliseconds lock_wait) {
  const std::scoped_lock lock(mutex_);
  // An attempt may have succeeded that seemed to have failed, or somebody else may have taken in what the spool had.
  forget_up_to(reached);
  if (!was_read_) {
    value_or_trouble(spool_.open(lock_wait));
    read_spool(reached);
    was_read_ = true;
  } else if (!spool_.is_in_place()) {
    spool_again();
  }
  sequence_ = std::max(sequence_, reached);
}

void SpoolQueue::look_after_file() {
  const std::scoped_lock lock(mutex_);
  if (!spool_.is_in_place()) spool_again();
}

void SpoolQueue::close() {
  const std::scoped_lock lock(mutex_);
  spool_.close();
  was_read_ = false;
  entries_.clear();
  bytes_ = 0;
}

void SpoolQueue::read_spool(std::uint64_t reached) {
  Spool::Content content = value_or_trouble(spool_.read());
  if (content.unreadable > 0) {
    log_.error(store_subject, "the end of the spool cannot be read and was cut off",
               {{"file", spool_.path()}, {"bytes", std::to_string(content.unreadable)}});
  }
  for (SpooledEntry& one : content.entries) {
    sequence_ = std::max(sequence_, one.sequence);
    if (one.sequence > reached) add(std::move(one));
  }
}

void SpoolQueue::spool_again() {
  constexpr std::chrono::milliseconds lock_wait{50};  // nobody else knows it yet
  value_or_trouble(spool_.open(lock_wait));
  const Spool::Content content = value_or_trouble(spool_.read());
  const std::uint64_t last = content.entries.empty() ? 0 : content.entries.back().sequence;
  std::string records;
  for (const SpooledEntryPointer& one : entries_) {
    if (one->sequence <= last) continue;
    std::string record = spool_record(one->entry);
    number_record(record, one->sequence);
    records += record;
  }
  value_or_trouble(spool_.append(records));
}

tl::expected<bool, std::string> SpoolQueue::append(StoredEntry entry) {
  std::string record = spool_record(entry);
  std::unique_lock lock(mutex_);
  if (auto room = wait_for_room(entry.bytes(), record.size(), lock); !room) {
    trouble_.count_failure();
    return tl::unexpected(std::move(room.error()));
  }
  const std::uint64_t sequence = next_sequence();
  number_record(record, sequence);
  if (auto written = spool_.append(record); !written) {
    trouble_.begin(written.error());
    trouble_.count_failure();
    return tl::unexpected(std::move(written.error()));
  }
  sequence_ = sequence;
  add({sequence, std::move(entry)});
  return entries_.size() == 1 || entries_.size() == enough;
}

// By the time, in microseconds: so it is higher than what any file of this trace has, also one that is put back in the
// place of another.
std::uint64_t SpoolQueue::next_sequence() const {
  return std::max(sequence_ + 1, static_cast<std::uint64_t>(options_.clock() * base::second_ms));
}

tl::expected<void, std::string> SpoolQueue::wait_for_room(std::size_t bytes, std::size_t record,
                                                          std::unique_lock<std::mutex>& lock) {
  if (record > longest_record) return tl::unexpected(std::string("there is too much of it for one entry"));
  const auto has_room = [&] {
    return !paused_ && entries_.size() < options_.most_waiting && bytes_ + bytes <= most_bytes &&
           spool_.has_room(record);
  };
  const auto settled = [&] { return has_room() || !refusal_.empty() || trouble_.is_there(); };
  if (!changed_.wait_for(lock, options_.wait, settled)) {
    return tl::unexpected(std::string("too much is waiting to be written to the trace"));
  }
  if (auto reason = refusal_now(); !reason.empty()) return tl::unexpected(std::move(reason));
  return {};
}

// In trouble at once, while it is known that it would be in vain.
std::string SpoolQueue::refusal_now() const {
  return refusal_.empty() ? trouble_.reason() : refusal_;
}

std::string SpoolQueue::refusal() const {
  const std::scoped_lock lock(mutex_);
  return refusal_now();
}

void SpoolQueue::add(SpooledEntry entry) {
  bytes_ += entry.entry.bytes();
  entries_.push_back(std::make_shared<const SpooledEntry>(std::move(entry)));
}

std::size_t SpoolQueue::size() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

SpoolQueue::Entries SpoolQueue::entries() const {
  const std::scoped_lock lock(mutex_);
  return entries_;
}

void SpoolQueue::done(std::uint64_t sequence) {
  const std::scoped_lock lock(mutex_);
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
  const std::scoped_lock lock(mutex_);
  return paused_ = spool_.size() > longest_spool;
}

void SpoolQueue::resume() {
  const std::scoped_lock lock(mutex_);
  paused_ = false;
}

void SpoolQueue::refuse(std::string reason) {
  const std::scoped_lock lock(mutex_);
  refusal_ = std::move(reason);
  notify();
}

}  // namespace connectord::trace
