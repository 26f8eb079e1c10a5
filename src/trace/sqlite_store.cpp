#include "connectord/trace/sqlite_store.h"

#include <future>
#include <stop_token>
#include <thread>
#include <utility>

#include "connectord/base/background.h"
#include "connectord/base/mutex.h"
#include "recovering_writer.h"
#include "spool_queue.h"
#include "store_health.h"
#include "upkeep.h"

namespace connectord::trace {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto between_looks = 1s;
// Those who append wait meanwhile.
constexpr auto spool_wait_in_outage = 50ms;

StoredBatch encode(const LogBatch& batch) {
  StoredBatch made{.queued = batch.queued,
                   .children = batch.children,
                   .deliveries = batch.deliveries,
                   .refusals = {},
                   .position = batch.position};
  for (const Entry& refusal : batch.refusals) made.refusals.push_back(encode(refusal));
  return made;
}

// Work that needs a transaction, and whose caller waits for the result.
struct Job {
  RecoveringWriter::Work work;
  std::promise<StoreResult<>> done;
};
using Jobs = std::vector<std::shared_ptr<Job>>;

}  // namespace

// Those who append write to the spool; a thread ingests what is there into the file, many entries at a time, and does
// everything else.
class SqliteStore::Implementation {
 public:
  Implementation(SqliteOptions options, log::Logger& log)
      : options_(std::move(options)),
        log_(log),
        upkeep_(options_),
        health_(options_.path, options_.clock, log),
        writer_(
            options_, log, health_, [this](SqliteWriter& writer) { return open_spool(writer); },
            [this](const SqliteWriter& writer) { spooled_.done(writer.last_ingested()); }),
        spooled_(options_, health_) {}
  ~Implementation() { stop(); }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  void start() {
    if (thread_.joinable()) return;
    writer_.try_to_open();
    spooled_.admit();
    thread_ = std::jthread([this](const std::stop_token& stop) { work_until(stop); });
  }

  void stop() {
    refuse("the trace is closed");
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
  }

  void set_keep(std::chrono::milliseconds keep) { upkeep_.set_keep(keep); }
  void note_fed(const FeedCursor& cursor) { upkeep_.note_fed(cursor); }

  StoreResult<> append(StoredEntry entry) {
    const auto is_time = spooled_.append(std::move(entry));
    if (!is_time || *is_time) wake();
    return is_time.map([](bool) {});
  }

  StoreResult<> perform(RecoveringWriter::Work work) {
    const auto job = std::make_shared<Job>(Job{.work = std::move(work), .done = {}});
    auto done = job->done.get_future();
    {
      const base::MutexLock lock(mutex_);
      if (auto admitted = spooled_.check(); !admitted) return admitted;
      jobs_.push_back(job);
    }
    wake_.notify_one();
    if (done.wait_for(options_.wait) == std::future_status::ready) return done.get();
    return unavailable("the trace was not written in time; it may be written yet");
  }

  std::size_t waiting() const { return spooled_.size(); }
  Condition condition() const { return health_.condition(); }

 private:
  // Not between the check and the push of a job, which would wait for a thread that has ended.
  void refuse(const std::string& reason) {
    const base::MutexLock lock(mutex_);
    spooled_.refuse(reason);
  }

  // Not between the thread's check and its sleep.
  void wake() {
    { const base::MutexLock lock(mutex_); }
    wake_.notify_one();
  }

  // What waits must be in the file before an outage is over, and the spool be emptied: a disk with space for an empty
  // transaction may have none for that.
  StoreResult<> open_spool(SqliteWriter& writer) {
    return spooled_.open(writer.last_ingested(), health_.has_outage() ? spool_wait_in_outage : options_.lock_wait)
        .and_then([&](std::size_t cut_off) {
          if (cut_off > 0) log_cut_off(cut_off);
          return health_.has_outage() ? ingest_waiting(writer) : StoreResult<>();
        });
  }

  StoreResult<> ingest_waiting(SqliteWriter& writer) {
    const SpoolQueue::Entries waiting = spooled_.entries();
    if (waiting.empty()) return {};
    const auto done = writer.transact([&waiting](SqliteWriter& file) { file.insert(waiting); });
    // One of the entries is to blame, and left out when they are written one by one.
    return done || done.error().kind != StoreError::Kind::rejected ? done : StoreResult<>();
  }

  void log_cut_off(std::size_t bytes) {
    log_.error(store_subject, "the end of the spool cannot be read and was cut off",
               {{"file", spooled_.path()}, {"bytes", std::to_string(bytes)}});
  }

  void work_until(const std::stop_token& stop) {
    base::interrupt_nobody();  // sessions come first
    while (!stop.stop_requested()) {
      wait_for_work(stop);
      work();
      writer_.maintain([this](SqliteWriter& writer) { return maintain(writer); });
    }
    work();
    writer_.close([](SqliteWriter& writer) { return Upkeep::index_at_end(writer); });
    spooled_.close();
  }

  void wait_for_work(const std::stop_token& stop) {
    const base::MutexLock lock(mutex_);
    if (health_.has_outage()) {
      wake_.wait_for(mutex_, stop, options_.retry, [this]() REQUIRES(mutex_) { return !jobs_.empty(); });
      return;
    }
    wake_.wait_for(mutex_, stop, upkeep_.pause(),
                   [this]() REQUIRES(mutex_) { return !jobs_.empty() || spooled_.size() > 0 || health_.has_outage(); });
    if (upkeep_.is_indexing() || spooled_.size() == 0) return;
    // Those that come meanwhile share the transaction.
    wake_.wait_for(mutex_, stop, options_.gather,
                   [this]() REQUIRES(mutex_) { return !jobs_.empty() || spooled_.size() >= SpoolQueue::enough; });
  }

  // The entries after the jobs are taken, and before these are done: a job may be about any entry that was kept before.
  void work() {
    Jobs jobs;
    {
      const base::MutexLock lock(mutex_);
      jobs = std::exchange(jobs_, {});
    }
    ingest_spooled();
    for (const auto& job : jobs) {
      job->done.set_value(writer_.write(job->work));
      upkeep_.note_work();
    }
  }

  void ingest_spooled() {
    if (ingest_once() && spooled_.pause_if_long()) {
      ingest_once();
      spooled_.resume();
    }
    spooled_.notify();
  }

  // True if all that was there is in the file.
  bool ingest_once() {
    const SpoolQueue::Entries taken = spooled_.entries();
    if (taken.empty()) return true;
    const std::size_t done = ingest(taken);
    if (done > 0) spooled_.done(taken[done - 1]->sequence);
    upkeep_.note_work();
    return done == taken.size();
  }

  // How many of them are done with: they are in the file, or never can be.
  std::size_t ingest(std::span<const SpooledEntryPointer> entries) {
    if (writer_.write([&](SqliteWriter& file) { file.insert(entries); })) return entries.size();
    // One of them was rejected; during an outage, none can be written now.
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (health_.has_outage()) return i;
      const auto kept = writer_.write([&](SqliteWriter& file) { file.insert(entries.subspan(i, 1)); });
      if (!kept && health_.has_outage()) return i;
      if (!kept) log_.error(store_subject, "an entry cannot be kept", {{"error", kept.error().reason}});
    }
    return entries.size();
  }

  StoreResult<> maintain(SqliteWriter& writer) {
    return upkeep_.run(writer).and_then([this] { return look_after_spool(); });
  }

  StoreResult<> look_after_spool() {
    const auto now = Clock::now();
    if (now < next_look_) return {};
    next_look_ = now + between_looks;
    return spooled_.replace_missing_file();
  }

  const SqliteOptions options_;
  log::Logger& log_;
  Upkeep upkeep_;
  StoreHealth health_;
  RecoveringWriter writer_;
  SpoolQueue spooled_;
  // This belongs to the thread.
  Clock::time_point next_look_;

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

void SqliteStore::note_fed(const FeedCursor& cursor) {
  implementation_->note_fed(cursor);
}

tl::expected<void, std::string> SqliteStore::append(const Entry& entry) {
  return implementation_->append(encode(entry)).map_error(to_reason);
}

// A call may give up before its work is done, so what the work uses is shared with it.
tl::expected<Recorded, std::string> SqliteStore::record(const LogBatch& batch) {
  const auto stored = std::make_shared<const StoredBatch>(encode(batch));
  const auto recorded = std::make_shared<Recorded>();
  return implementation_->perform([stored, recorded](SqliteWriter& file) { *recorded = file.record(*stored); })
      .map([&recorded] { return *recorded; })
      .map_error(to_reason);
}

tl::expected<std::string, std::string> SqliteStore::position() {
  const auto position = std::make_shared<std::string>();
  return implementation_->perform([position](SqliteWriter& file) { *position = file.position(); })
      .map([&position] { return *position; })
      .map_error(to_reason);
}

std::size_t SqliteStore::waiting() const {
  return implementation_->waiting();
}

Condition SqliteStore::condition() const {
  return implementation_->condition();
}

}  // namespace connectord::trace
