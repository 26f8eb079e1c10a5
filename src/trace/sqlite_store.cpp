#include "connectord/trace/sqlite_store.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <stop_token>
#include <thread>
#include <utility>

#include "connectord/base/mutex.h"
#include "spool_queue.h"
#include "sqlite_keeper.h"
#include "trouble.h"

namespace connectord::trace {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// So many messages get their terms together.
constexpr std::size_t heap = 8'192;
// Quiet for this long, the rest gets its terms too.
constexpr auto quiet = 1s;
constexpr auto between_removals = 60s;
constexpr auto between_looks = 1s;
constexpr auto between_removal_steps = 50ms;
// Those who append wait meanwhile.
constexpr auto spool_wait_in_trouble = 50ms;

StoredBatch encode(const LogBatch& batch) {
  StoredBatch made{batch.queued, batch.children, batch.deliveries, {}, batch.position};
  for (const Entry& refusal : batch.refusals) made.refusals.push_back(encode(refusal));
  return made;
}

// Something that wants a transaction, and whose caller waits for the result.
struct Job {
  SqliteKeeper::Work work;
  std::promise<tl::expected<void, std::string>> done;
};
using Jobs = std::vector<std::shared_ptr<Job>>;

}  // namespace

// Those who append write to the spool; a thread takes what is there into the file, many entries at a time, and does all
// else.
class SqliteStore::Implementation {
 public:
  Implementation(SqliteOptions options, log::Logger& log)
      : options_(std::move(options)),
        log_(log),
        keep_(options_.keep),
        trouble_(options_.path, options_.clock, log),
        keeper_(options_, log, trouble_, [this](SqliteWriter& writer) { open_spool(writer); }),
        spooled_(options_, trouble_, log) {}
  ~Implementation() { stop(); }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  void start() {
    if (thread_.joinable()) return;
    keeper_.try_to_open();
    refuse("");
    thread_ = std::jthread([this](const std::stop_token& stop) { work_until(stop); });
  }

  void stop() {
    refuse("the trace is closed");
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
  }

  void set_keep(std::chrono::milliseconds keep) { keep_.store(keep); }

  tl::expected<void, std::string> append(StoredEntry entry) {
    const auto is_time = spooled_.append(std::move(entry));
    if (!is_time || *is_time) wake();
    if (!is_time) return tl::unexpected(is_time.error());
    return {};
  }

  tl::expected<void, std::string> perform(SqliteKeeper::Work work) {
    const auto job = std::make_shared<Job>(Job{std::move(work), {}});
    auto done = job->done.get_future();
    {
      const base::MutexLock lock(mutex_);
      if (auto reason = spooled_.refusal(); !reason.empty()) return tl::unexpected(std::move(reason));
      jobs_.push_back(job);
    }
    wake_.notify_one();
    if (done.wait_for(options_.wait) == std::future_status::ready) return done.get();
    return tl::unexpected(std::string("the trace was not written in time; it may be written yet"));
  }

  std::size_t waiting() const { return spooled_.size(); }
  Condition condition() const { return trouble_.condition(); }

 private:
  // Not between the look and the push of a job, which would wait for a thread that has ended.
  void refuse(const std::string& reason) {
    const base::MutexLock lock(mutex_);
    spooled_.refuse(reason);
  }

  // Not between the thread's look and its sleep.
  void wake() {
    { const base::MutexLock lock(mutex_); }
    wake_.notify_one();
  }

  void open_spool(const SqliteWriter& writer) {
    spooled_.open(writer.spooled_to(), trouble_.is_there() ? spool_wait_in_trouble : options_.lock_wait);
  }

  void work_until(const std::stop_token& stop) {
    // Sessions go first: this thread does not interrupt one when it wakes up.
    const sched_param no_priority{};
    ::pthread_setschedparam(::pthread_self(), SCHED_BATCH, &no_priority);
    while (!stop.stop_requested()) {
      wait_for_work(stop);
      work();
      keeper_.maintain([this](SqliteWriter& writer) { tidy(writer); });
    }
    work();
    keeper_.close([](SqliteWriter& writer) { index_all(writer); });
    spooled_.close();
  }

  void wait_for_work(const std::stop_token& stop) {
    const base::MutexLock lock(mutex_);
    if (trouble_.is_there()) {
      wake_.wait_for(mutex_, stop, options_.retry, [this]() REQUIRES(mutex_) { return !jobs_.empty(); });
      return;
    }
    wake_.wait_for(mutex_, stop, pause(),
                   [this]() REQUIRES(mutex_) { return !jobs_.empty() || spooled_.size() > 0 || trouble_.is_there(); });
    if (indexing_ || spooled_.size() == 0) return;
    // Those that come meanwhile share the transaction.
    wake_.wait_for(mutex_, stop, options_.gather,
                   [this]() REQUIRES(mutex_) { return !jobs_.empty() || spooled_.size() >= SpoolQueue::enough; });
  }

  std::chrono::milliseconds pause() const {
    if (indexing_) return 0ms;
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(next_removal_ - Clock::now());
    return std::clamp<std::chrono::milliseconds>(rest, 1ms, quiet);
  }

  // The entries after the jobs are taken, and before these are done: a job may be about any entry that was kept before.
  void work() {
    Jobs jobs;
    {
      const base::MutexLock lock(mutex_);
      jobs = std::exchange(jobs_, {});
    }
    take_in_spooled();
    for (const auto& job : jobs) {
      job->done.set_value(keeper_.write(job->work));
      last_work_ = Clock::now();
    }
  }

  void take_in_spooled() {
    if (take_in_once() && spooled_.pause_if_long()) {
      take_in_once();
      spooled_.resume();
    }
    spooled_.notify();
  }

  // True if all that was there is in the file.
  bool take_in_once() {
    const SpoolQueue::Entries taken = spooled_.entries();
    if (taken.empty()) return true;
    const std::size_t done = take_in(taken);
    if (done > 0) spooled_.done(taken[done - 1]->sequence);
    last_work_ = Clock::now();
    return done == taken.size();
  }

  // How many of them are done with: they are in the file, or never can be.
  std::size_t take_in(std::span<const SpooledEntryPointer> entries) {
    if (keeper_.write([&](SqliteWriter& writer) { writer.insert(entries); })) return entries.size();
    // One of them cannot be written as it is; where there is trouble, none can now.
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (trouble_.is_there()) return i;
      const auto kept = keeper_.write([&](SqliteWriter& writer) { writer.insert(entries.subspan(i, 1)); });
      if (!kept && trouble_.is_there()) return i;
      if (!kept) log_.error(store_subject, "an entry cannot be kept", {{"error", kept.error()}});
    }
    return entries.size();
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
    spooled_.look_after_file();
  }

  static void index_all(SqliteWriter& writer) {
    while (writer.unindexed() > 0) writer.index_some();
  }

  const SqliteOptions options_;
  log::Logger& log_;
  std::atomic<std::chrono::milliseconds> keep_;
  Trouble trouble_;
  SqliteKeeper keeper_;
  SpoolQueue spooled_;
  // Of the thread.
  Clock::time_point next_removal_;
  Clock::time_point next_look_;
  Clock::time_point last_work_;
  bool indexing_ = false;  // and there is more of it to do

  base::Mutex mutex_;
  base::ConditionVariable wake_;
  Jobs jobs_ GUARDED_BY(mutex_);
  std::jthread thread_;  // last, so that all it uses is there
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

Condition SqliteStore::condition() const {
  return implementation_->condition();
}

}  // namespace connectord::trace
