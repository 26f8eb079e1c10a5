#include "spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <span>
#include <thread>

#include "spool_record.h"
#include "sqlite_writer.h"

namespace connectord::trace {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto between_tries = 5ms;

std::string name_for(const std::string& trace_file) {
  return trace_file + "-spool";
}

std::string failure(const std::string& path, const char* what) {
  return path + " " + what + ": " + std::strerror(errno);
}

bool try_to_lock(int file) {
  return ::flock(file, LOCK_EX | LOCK_NB) == 0;
}

using TakeRecord = std::function<void(std::uint64_t, std::string_view)>;

// Reads records as read_records() does, a piece at a time: the file may be of somebody who has it look endless.
class SpoolReader {
 public:
  explicit SpoolReader(int file) : file_(file) {}

  // Returns where the last whole record ends.
  std::size_t read(const TakeRecord& take) {
    const TakeRecord note_and_take = [&](std::uint64_t sequence, std::string_view content) {
      last_ = sequence;
      take(sequence, content);
    };
    do {
      const std::size_t whole = read_records(piece_, note_and_take, last_);
      piece_.erase(0, whole);
      place_ += whole;
    } while (is_incomplete(piece_) && read_more());
    return place_;
  }
  bool has_failed() const { return has_failed_; }

 private:
  bool read_more() {
    constexpr std::size_t step = std::size_t{1} << 20U;
    const std::size_t had = piece_.size();
    if (place_ + had >= Spool::max_size) return false;
    piece_.resize(had + step);
    ssize_t count = -1;
    do {
      count = ::pread(file_, piece_.data() + had, step, static_cast<off_t>(place_ + had));
    } while (count < 0 && errno == EINTR);
    has_failed_ = count < 0;
    piece_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return count > 0;
  }

  const int file_;
  std::string piece_;      // what was read and is not taken yet
  std::size_t place_ = 0;  // where it begins
  std::uint64_t last_ = 0;
  bool has_failed_ = false;
};

// Entries as they lie in records; what is none is left out.
TakeRecord entries_to(const std::function<void(SpooledEntry)>& take) {
  return [take](std::uint64_t sequence, std::string_view record) {
    SpooledEntry one{sequence, {}};
    if (read_entry(record, one.entry)) take(std::move(one));
  };
}

constexpr int ingest_lock_wait_ms = 2'000;
// The daemon takes some milliseconds; during an outage it may take for ever.
constexpr auto max_wait = 500ms;
// For those who may not read the spool.
constexpr auto max_blind_wait = 50ms;

// False where the spool could not be read to its end; what was read until then is in the file.
StoreResult<bool> ingest(SqliteWriter& writer, int spool) {
  SpoolReader reader(spool);
  const auto done = writer.transact([&reader](SqliteWriter& file) {
    reader.read(entries_to([&file](SpooledEntry one) {
      const SpooledEntryPointer entry = std::make_shared<const SpooledEntry>(std::move(one));
      file.insert(std::span(&entry, 1));
    }));
  });
  return done.map([&reader] { return !reader.has_failed(); });
}

// The daemon will do it where this fails, and records what is wrong.
void try_to_ingest(const std::string& trace_file, int spool) {
  const auto is_complete = SqliteWriter::open(trace_file, ingest_lock_wait_ms).and_then([spool](const auto& writer) {
    return ingest(*writer, spool);
  });
  if (is_complete.value_or(false)) [[maybe_unused]]
    const int cleared = ::ftruncate(spool, 0);
}

bool is_empty(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) != 0 || status.st_size == 0;
}

void wait_until(std::chrono::milliseconds timeout, const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + timeout;
  while (!condition() && Clock::now() < deadline) std::this_thread::sleep_for(between_tries);
}

std::uint64_t last_sequence(int spool) {
  std::uint64_t last = 0;
  SpoolReader(spool).read([&last](std::uint64_t sequence, std::string_view) { last = sequence; });
  return last;
}

// What has the spool's name, if it is a file: in another user's folder, it might be a link to any other file, or a
// pipe.
base::FileDescriptor open_file(const std::string& path, int flags) {
  base::FileDescriptor file(::open(path.c_str(), flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  struct stat status {};
  if (file.get() < 0 || (::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode))) return file;
  errno = EINVAL;
  return {};
}

}  // namespace

Spool::Spool(const std::string& trace_file) : path_(name_for(trace_file)) {}

StoreResult<> Spool::open(std::chrono::milliseconds wait) {
  close();
  base::FileDescriptor file = open_file(path_, O_CREAT | O_APPEND);
  if (file.get() < 0) return unavailable(failure(path_, "cannot be opened for writing"));
  const auto deadline = Clock::now() + wait;
  while (!try_to_lock(file.get())) {
    if (Clock::now() >= deadline) return unavailable(path_ + " belongs to another process; does connectord run twice?");
    std::this_thread::sleep_for(between_tries);
  }
  file_ = std::move(file);
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) return unavailable(failure(path_, "cannot be read"));
  size_ = static_cast<std::size_t>(status.st_size);
  return {};
}

bool Spool::is_in_place() const {
  struct stat ours {};
  struct stat named {};
  return ::fstat(file_.get(), &ours) == 0 && ::lstat(path_.c_str(), &named) == 0 && ours.st_ino == named.st_ino &&
         ours.st_dev == named.st_dev;
}

StoreResult<Spool::Content> Spool::read() {
  Content content;
  SpoolReader reader(file_.get());
  const std::size_t whole =
      reader.read(entries_to([&content](SpooledEntry one) { content.entries.push_back(std::move(one)); }));
  if (reader.has_failed()) return unavailable(failure(path_, "cannot be read"));
  content.unreadable = size_ - std::min(whole, size_);
  if (content.unreadable > 0 && ::ftruncate(file_.get(), static_cast<off_t>(whole)) != 0) {
    return unavailable(failure(path_, "cannot be written"));
  }
  size_ = whole;
  return content;
}

StoreResult<> Spool::append(std::string_view records) {
  if (records.empty()) return {};
  ssize_t count = -1;
  do {
    count = ::write(file_.get(), records.data(), records.size());
  } while (count < 0 && errno == EINTR);
  if (count == static_cast<ssize_t>(records.size())) {
    size_ += records.size();
    return {};
  }
  if (count >= 0) errno = ENOSPC;
  const std::string reason = failure(path_, "cannot be written");
  // A part of a record would hide those behind it.
  if (::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) close();
  return unavailable(reason);
}

void Spool::clear() {
  if (size_ > 0 && ::ftruncate(file_.get(), 0) == 0) size_ = 0;
}

void ingest_leftover_spool(const std::string& trace_file, const std::function<std::uint64_t()>& last_ingested) {
  const std::string path = name_for(trace_file);
  if (is_empty(path)) return;
  const base::FileDescriptor file = open_file(path, 0);
  if (file.get() < 0) return wait_until(max_blind_wait, [&path] { return is_empty(path); });
  if (try_to_lock(file.get())) return try_to_ingest(trace_file, file.get());
  const std::uint64_t last = last_sequence(file.get());
  wait_until(max_wait, [&] { return last_ingested() >= last; });
}

}  // namespace connectord::trace
