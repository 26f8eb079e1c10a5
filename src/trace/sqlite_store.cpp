#include "connectord/trace/sqlite_store.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <iterator>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "spool.h"
#include "sqlite_keeper.h"
#include "trouble.h"

namespace connectord::trace {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::string_view subject = "trace";
// So many messages get their terms together.
constexpr std::size_t heap = 8'192;
// Quiet for this long, the rest gets its terms too.
constexpr auto quiet = 1s;
constexpr auto between_removals = 60s;
constexpr auto between_looks = 1s;
constexpr auto between_removal_steps = 50ms;
// So many entries are worth a transaction at once.
constexpr std::size_t enough = 512;
constexpr std::size_t most_bytes = std::size_t{64} << 20U;
// Beyond this size the spool is emptied even while there is much to do.
constexpr std::size_t longest_spool = std::size_t{4} << 20U;

StoredBatch encode(const LogBatch& batch) {
  StoredBatch made{batch.queued, batch.children, batch.deliveries, {}, batch.position};
  for (const Entry& refusal : batch.refusals) made.refusals.push_back(encode(refusal));
  return made;
}

using SpooledEntries = std::vector<SpooledEntryPointer>;

// Something that wants a transaction, and whose caller waits for the result.
struct Job {
  SqliteKeeper::Work work;
  std::promise<tl::expected<void, std::string>> done;
};

[[noreturn]] void throw_trouble(const std::string& reason) {
  throw sqlite::Error(SQLITE_CANTOPEN, reason);
}

}  // namespace

// Those who append write to the spool; a thread takes what is there into the file, many entries at a time, and does all
// else.
class SqliteStore::Implementation {
 public:
  Implementation(SqliteOptions options, log::Logger& log)
      : options_(std::move(options)),
        log_(log),
        keep_(options_.keep),
        trouble_(options_.path, log),
        keeper_(options_, log, trouble_, [this](SqliteWriter& writer) { opened(writer); }),
        spool_(options_.path) {}
  ~Implementation() { stop(); }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  void start() {
    if (thread_.joinable()) return;
    keeper_.try_to_open();
    const std::scoped_lock lock(mutex_);
    closed_.clear();
    thread_ = std::jthread([this](const std::stop_token& stop) { work_until(stop); });
  }

  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = "the trace is closed";
      resumed_.notify_all();
    }
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
  }

  void set_keep(std::chrono::milliseconds keep) { keep_.store(keep); }

  tl::expected<void, std::string> append(StoredEntry entry) {
    std::string record = spool_record(entry);
    const std::size_t bytes = entry.bytes();
    std::unique_lock lock(mutex_);
    if (auto ready = ready_for(bytes, lock); !ready) {
      trouble_.count_failure();
      return ready;
    }
    number_record(record, sequence_ + 1);
    if (auto written = spool_.append(record); !written) {
      trouble_.begin(written.error());
      trouble_.count_failure();
      wake_.notify_one();
      return written;
    }
    ++sequence_;
    bytes_ += bytes;
    spooled_.push_back(std::make_shared<const SpooledEntry>(SpooledEntry{sequence_, std::move(entry)}));
    const bool is_time = spooled_.size() == 1 || spooled_.size() == enough;
    lock.unlock();
    if (is_time) wake_.notify_one();
    return {};
  }

  tl::expected<void, std::string> perform(SqliteKeeper::Work work) {
    const auto job = std::make_shared<Job>(Job{std::move(work), {}});
    auto done = job->done.get_future();
    {
      const std::scoped_lock lock(mutex_);
      if (auto ready = open_and_sound(); !ready) return ready;
      jobs_.push_back(job);
      wake_.notify_one();
    }
    if (done.wait_for(options_.wait) == std::future_status::ready) return done.get();
    return tl::unexpected(std::string("the trace was not written in time; it may be written yet"));
  }

  std::size_t waiting() const {
    const std::scoped_lock lock(mutex_);
    return spooled_.size();
  }

 private:
  // With the mutex, as the next four.
  tl::expected<void, std::string> open_and_sound() const {
    if (!closed_.empty()) return tl::unexpected(closed_);
    // At once, while it is known that it would be in vain.
    if (auto reason = trouble_.reason(); !reason.empty()) return tl::unexpected(std::move(reason));
    return {};
  }

  // Waits for room.
  tl::expected<void, std::string> ready_for(std::size_t bytes, std::unique_lock<std::mutex>& lock) {
    const auto has_room = [&] {
      return !paused_ && spooled_.size() < options_.most_waiting && bytes_ + bytes <= most_bytes;
    };
    const auto settled = [&] { return has_room() || !closed_.empty() || trouble_.is_there(); };
    if (!resumed_.wait_for(lock, options_.wait, settled)) {
      return tl::unexpected(std::string("too much is waiting to be written to the trace"));
    }
    return open_and_sound();
  }

  // With what an earlier process left in it.
  void open_spool(const SqliteWriter& writer) {
    if (auto opened = spool_.open(options_.lock_wait); !opened) throw_trouble(opened.error());
    auto content = spool_.read();
    if (!content) throw_trouble(content.error());
    if (content->unreadable > 0) {
      log_.error(subject, "the end of the spool cannot be read and was cut off",
                 {{"file", spool_.path()}, {"bytes", std::to_string(content->unreadable)}});
    }
    if (!content->entries.empty()) sequence_ = std::max(sequence_, content->entries.back().sequence);
    std::erase_if(content->entries, [&](const auto& one) { return one.sequence <= writer.spooled_to(); });
    for (SpooledEntry& one : content->entries) {
      bytes_ += one.entry.bytes();
      spooled_.push_back(std::make_shared<const SpooledEntry>(std::move(one)));
    }
  }

  // Where somebody took it away, or it could not be written: what is waiting must be in it again.
  void open_spool_again() {
    if (auto opened = spool_.open(options_.lock_wait); !opened) throw_trouble(opened.error());
    auto content = spool_.read();
    if (!content) throw_trouble(content.error());
    const std::uint64_t last = content->entries.empty() ? 0 : content->entries.back().sequence;
    std::string records;
    for (const auto& one : spooled_) {
      if (one->sequence <= last) continue;
      std::string record = spool_record(one->entry);
      number_record(record, one->sequence);
      records += record;
    }
    if (auto written = spool_.append(records); !written) throw_trouble(written.error());
  }

  // Of a file that was just opened.
  void opened(const SqliteWriter& writer) {
    const std::scoped_lock lock(mutex_);
    if (!was_open_) {
      open_spool(writer);
    } else if (!spool_.is_in_place()) {
      open_spool_again();
    }
    was_open_ = true;
    sequence_ = std::max(sequence_, writer.spooled_to());
  }

  void work_until(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      wait_for_work(stop);
      take_in_spooled();
      do_jobs();
      keeper_.maintain([this](SqliteWriter& writer) { tidy(writer); });
    }
    take_in_spooled();
    do_jobs();
    keeper_.close([](SqliteWriter& writer) { index_all(writer); });
    const std::scoped_lock lock(mutex_);
    spool_.close();
    was_open_ = false;
    bytes_ = 0;
    spooled_.clear();
  }

  void wait_for_work(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const auto is_urgent = [this] { return !jobs_.empty() || spooled_.size() >= enough; };
    if (trouble_.is_there()) {
      wake_.wait_for(lock, stop, options_.retry, [this] { return !jobs_.empty(); });
      return;
    }
    wake_.wait_for(lock, stop, pause(), [this] { return !jobs_.empty() || !spooled_.empty() || trouble_.is_there(); });
    // Those that come meanwhile share the transaction.
    if (!spooled_.empty() && !indexing_) wake_.wait_for(lock, stop, options_.gather, is_urgent);
  }

  std::chrono::milliseconds pause() const {
    if (indexing_) return 0ms;
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(next_removal_ - Clock::now());
    return std::clamp<std::chrono::milliseconds>(rest, 1ms, quiet);
  }

  // Entries stay in `spooled_`, and in the spool, until they are in the file.
  void take_in_spooled() {
    if (take_in_once() && pause_if_long()) {
      take_in_once();
      go_on();
    }
    resumed_.notify_all();
  }

  void go_on() {
    const std::scoped_lock lock(mutex_);
    if (spooled_.empty()) spool_.clear();
    paused_ = false;
  }

  // True: those who append wait until the spool is empty.
  bool pause_if_long() {
    const std::scoped_lock lock(mutex_);
    if (spooled_.empty()) spool_.clear();
    return paused_ = spool_.size() > longest_spool;
  }

  // True if all that was there is in the file.
  bool take_in_once() {
    SpooledEntries taken;
    {
      const std::scoped_lock lock(mutex_);
      taken = spooled_;
    }
    if (taken.empty()) return true;
    const std::size_t done = take_in(taken);
    last_work_ = Clock::now();
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = 0; i < done; ++i) bytes_ -= taken[i]->entry.bytes();
    spooled_.erase(spooled_.begin(), spooled_.begin() + static_cast<std::ptrdiff_t>(done));
    return done == taken.size();
  }

  // How many of them are done with.
  std::size_t take_in(std::span<const SpooledEntryPointer> entries) {
    if (keeper_.write([&](SqliteWriter& writer) { writer.insert(entries); })) return entries.size();
    // One of them cannot be written as it is; where there is trouble, none can now.
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (trouble_.is_there()) return i;
      const auto kept = keeper_.write([&](SqliteWriter& writer) { writer.insert(entries.subspan(i, 1)); });
      if (!kept && trouble_.is_there()) return i;
      if (!kept) log_.error(subject, "an entry cannot be kept", {{"error", kept.error()}});
    }
    return entries.size();
  }

  void do_jobs() {
    std::vector<std::shared_ptr<Job>> jobs;
    {
      const std::scoped_lock lock(mutex_);
      jobs = std::exchange(jobs_, {});
    }
    for (const auto& job : jobs) {
      job->done.set_value(keeper_.write(job->work));
      last_work_ = Clock::now();
    }
  }

  void tidy(SqliteWriter& writer) {
    const auto now = Clock::now();
    const bool is_quiet = now - last_work_ >= quiet;
    if (indexing_ || writer.unindexed() >= heap || (is_quiet && writer.unindexed() > 0)) {
      indexing_ = writer.index_some();
    }
    if (now >= next_removal_) {
      const bool more = writer.remove_some(options_.clock() - keep_.load().count());
      next_removal_ = now + (more ? Clock::duration(between_removal_steps) : Clock::duration(between_removals));
    }
    constexpr int pages = 4000;  // 16 MiB
    writer.checkpoint(pages);
    if (now < next_look_) return;
    next_look_ = now + between_looks;
    if (const std::scoped_lock lock(mutex_); !spool_.is_in_place()) open_spool_again();
  }

  static void index_all(SqliteWriter& writer) {
    while (writer.unindexed() > 0) writer.index_some();
  }

  const SqliteOptions options_;
  log::Logger& log_;
  std::atomic<std::chrono::milliseconds> keep_;
  Trouble trouble_;
  SqliteKeeper keeper_;
  // Of the thread.
  Clock::time_point next_removal_;
  Clock::time_point next_look_;
  Clock::time_point last_work_;
  bool indexing_ = false;  // and there is more of it to do

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;  // the thread
  std::condition_variable resumed_;
  // Guarded by mutex_.
  std::string closed_ = "the trace is not open";
  Spool spool_;
  bool was_open_ = false;
  std::uint64_t sequence_ = 0;  // of the last entry
  SpooledEntries spooled_;
  std::size_t bytes_ = 0;
  bool paused_ = false;
  std::vector<std::shared_ptr<Job>> jobs_;
  std::jthread thread_;
};

SqliteStore::SqliteStore(SqliteOptions options, log::Logger& log)
    : implementation_(std::make_unique<Implementation>(std::move(options), log)) {}

SqliteStore::~SqliteStore() = default;

void SqliteStore::start() {
  implementation_->start();
}

void SqliteStore::stop() {
  implementation_->stop();
}

void SqliteStore::set_keep(std::chrono::milliseconds keep) {
  implementation_->set_keep(keep);
}

tl::expected<void, std::string> SqliteStore::append(const Entry& entry) {
  return implementation_->append(encode(entry));
}

// A call may give up before its work is done, so what the work uses is shared with it.
tl::expected<Recorded, std::string> SqliteStore::record(const LogBatch& batch) {
  const auto stored = std::make_shared<const StoredBatch>(encode(batch));
  const auto recorded = std::make_shared<Recorded>();
  const auto done =
      implementation_->perform([stored, recorded](SqliteWriter& writer) { *recorded = writer.record(*stored); });
  if (!done) return tl::unexpected(done.error());
  return *recorded;
}

tl::expected<std::string, std::string> SqliteStore::position() {
  const auto position = std::make_shared<std::string>();
  const auto done = implementation_->perform([position](SqliteWriter& writer) { *position = writer.position(); });
  if (!done) return tl::unexpected(done.error());
  return *position;
}

std::size_t SqliteStore::waiting() const {
  return implementation_->waiting();
}

}  // namespace connectord::trace
