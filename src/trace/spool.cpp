#include "spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
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

bool take(int file) {
  return ::flock(file, LOCK_EX | LOCK_NB) == 0;
}

std::string read_all(int file) {
  std::string bytes;
  struct stat status {};
  if (::fstat(file, &status) != 0) return bytes;
  bytes.resize(static_cast<std::size_t>(status.st_size));
  std::size_t place = 0;
  while (place < bytes.size()) {
    const ssize_t count = ::pread(file, bytes.data() + place, bytes.size() - place, static_cast<off_t>(place));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    place += static_cast<std::size_t>(count);
  }
  bytes.resize(place);
  return bytes;
}

Spool::Content read_content(std::string_view bytes) {
  Spool::Content content;
  const std::size_t whole = read_records(bytes, [&content](std::uint64_t sequence, std::string_view record) {
    SpooledEntry one{sequence, {}};
    if (read_entry(record, one.entry)) content.entries.push_back(std::move(one));
  });
  content.unreadable = bytes.size() - whole;
  return content;
}

constexpr int lock_wait_ms = 2'000;
// The daemon takes some milliseconds; one in trouble may take for ever.
constexpr auto longest_wait = 500ms;
// Of those who may not look into the spool.
constexpr auto longest_blind_wait = 50ms;

void take_in(const std::string& trace_file, int spool) {
  Spool::Content content = read_content(read_all(spool));
  SqliteWriter writer(trace_file, lock_wait_ms);
  sqlite::Transaction transaction(writer.database());
  std::vector<SpooledEntryPointer> entries;
  for (SpooledEntry& one : content.entries) {
    if (one.sequence > writer.spooled_to()) entries.push_back(std::make_shared<const SpooledEntry>(std::move(one)));
  }
  writer.insert(entries);
  transaction.commit();
  [[maybe_unused]] const int cleared = ::ftruncate(spool, 0);
}

bool is_empty(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) != 0 || status.st_size == 0;
}

void wait_until(std::chrono::milliseconds longest, const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + longest;
  while (!condition() && Clock::now() < deadline) std::this_thread::sleep_for(between_tries);
}

std::uint64_t last_sequence(int spool) {
  std::uint64_t last = 0;
  read_records(read_all(spool), [&last](std::uint64_t sequence, std::string_view) { last = sequence; });
  return last;
}

}  // namespace

Spool::Spool(const std::string& trace_file) : path_(name_for(trace_file)) {}

tl::expected<void, std::string> Spool::open(std::chrono::milliseconds wait) {
  close();
  net::FileDescriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (file.get() < 0) return tl::unexpected(failure(path_, "cannot be opened for writing"));
  const auto deadline = Clock::now() + wait;
  while (!take(file.get())) {
    if (Clock::now() >= deadline)
      return tl::unexpected(path_ + " belongs to another process; does connectord run twice?");
    std::this_thread::sleep_for(between_tries);
  }
  file_ = std::move(file);
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) return tl::unexpected(failure(path_, "cannot be read"));
  size_ = static_cast<std::size_t>(status.st_size);
  return {};
}

bool Spool::is_in_place() const {
  struct stat ours {};
  struct stat named {};
  return ::fstat(file_.get(), &ours) == 0 && ::stat(path_.c_str(), &named) == 0 && ours.st_ino == named.st_ino;
}

tl::expected<Spool::Content, std::string> Spool::read() {
  const std::string bytes = read_all(file_.get());
  if (bytes.size() != size_) return tl::unexpected(failure(path_, "cannot be read"));
  Content content = read_content(bytes);
  const std::size_t whole = size_ - content.unreadable;
  if (content.unreadable > 0 && ::ftruncate(file_.get(), static_cast<off_t>(whole)) != 0) {
    return tl::unexpected(failure(path_, "cannot be written"));
  }
  size_ = whole;
  return content;
}

tl::expected<void, std::string> Spool::append(std::string_view records) {
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
  return tl::unexpected(reason);
}

void Spool::clear() {
  if (size_ > 0 && ::ftruncate(file_.get(), 0) == 0) size_ = 0;
}

void catch_up(const std::string& trace_file, const std::function<std::uint64_t()>& reached) {
  const std::string path = name_for(trace_file);
  if (is_empty(path)) return;
  const net::FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (file.get() < 0) return wait_until(longest_blind_wait, [&path] { return is_empty(path); });
  if (take(file.get())) {
    try {
      take_in(trace_file, file.get());
    } catch (const sqlite::Error&) {  // NOLINT(bugprone-empty-catch): the daemon will, and says what is wrong
    }
    return;
  }
  const std::uint64_t last = last_sequence(file.get());
  wait_until(longest_wait, [&] { return reached() >= last; });
}

}  // namespace connectord::trace
