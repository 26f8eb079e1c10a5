#include "connectord/trace/sqlite_store.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "job_queue.h"
#include "sqlite_keeper.h"

namespace connectord::trace {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// So many messages get their terms together.
constexpr std::size_t heap = 4'096;
// Quiet for this long, the rest gets its terms too.
constexpr auto quiet = 1s;
constexpr auto between_removals = 60s;
constexpr auto between_removal_steps = 50ms;

StoredBatch encode(const LogBatch& batch) {
  StoredBatch made{batch.queued, batch.children, batch.deliveries, {}, batch.position};
  for (const Entry& refusal : batch.refusals) made.refusals.push_back(encode(refusal));
  return made;
}

}  // namespace

// Those who append write by themselves; a thread does what nobody waits for.
class SqliteStore::Implementation {
 public:
  Implementation(SqliteOptions options, log::Logger& log)
      : options_(std::move(options)),
        keep_(options_.keep),
        keeper_(options_, log),
        jobs_(options_.most_waiting, options_.wait, [this](const Jobs& jobs) { write(jobs); }) {}
  ~Implementation() { stop(); }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  void start() {
    if (thread_.joinable()) return;
    keeper_.try_to_open();
    jobs_.open();
    thread_ = std::jthread([this](const std::stop_token& stop) { tidy_until(stop); });
  }
  void stop() {
    jobs_.close("the trace is closed");
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
  }
  void set_keep(std::chrono::milliseconds keep) { keep_.store(keep); }

  tl::expected<Job::Value, std::string> perform(std::size_t bytes, Job::Work work) {
    // At once, while it is known that it would be in vain.
    if (auto reason = keeper_.trouble(); !reason.empty()) {
      keeper_.count_failure();
      return tl::unexpected(std::move(reason));
    }
    return jobs_.perform(bytes, std::move(work));
  }

 private:
  void write(const Jobs& jobs) {
    keeper_.perform(jobs);
    last_work_ = Clock::now();
    if (keeper_.unindexed() < heap) return;
    const std::scoped_lock lock(mutex_);
    much_to_do_ = true;
    wake_.notify_one();
  }

  void tidy_until(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      // Between two steps those who wait get their turn.
      wake_.wait_for(lock, stop, pause(), [this] { return much_to_do_ && !indexing_; });
      much_to_do_ = false;
      lock.unlock();
      jobs_.alone([this] { keeper_.maintain([this](SqliteWriter& writer) { tidy(writer); }); });
      lock.lock();
    }
    lock.unlock();
    jobs_.alone([this] { keeper_.close([](SqliteWriter& writer) { index_all(writer); }); });
  }

  std::chrono::milliseconds pause() const {
    if (!keeper_.trouble().empty()) return options_.retry;
    if (indexing_) return 1ms;
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(next_removal_ - Clock::now());
    return std::clamp<std::chrono::milliseconds>(rest, 1ms, quiet);
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
  }

  static void index_all(SqliteWriter& writer) {
    while (writer.unindexed() > 0) writer.index_some();
  }

  const SqliteOptions options_;
  std::atomic<std::chrono::milliseconds> keep_;
  SqliteKeeper keeper_;
  Clock::time_point last_work_;  // of whoever writes
  JobQueue jobs_;
  // Of the thread.
  Clock::time_point next_removal_;
  bool indexing_ = false;  // and there is more of it to do
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool much_to_do_ = false;  // guarded by mutex_
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

tl::expected<std::int64_t, std::string> SqliteStore::append(const Entry& entry) {
  // Made ready here, so that the thread that writes has less to do; and shared with it, since a call may give up first.
  auto stored = std::make_shared<const StoredEntry>(encode(entry));
  const std::size_t bytes = stored->bytes();
  const auto done = implementation_->perform(
      bytes, [stored = std::move(stored)](SqliteWriter& writer) -> Job::Value { return writer.insert(*stored); });
  if (!done) return tl::unexpected(done.error());
  return std::get<std::int64_t>(*done);
}

tl::expected<Recorded, std::string> SqliteStore::record(const LogBatch& batch) {
  auto stored = std::make_shared<const StoredBatch>(encode(batch));
  const auto done = implementation_->perform(
      0, [stored = std::move(stored)](SqliteWriter& writer) -> Job::Value { return writer.record(*stored); });
  if (!done) return tl::unexpected(done.error());
  return std::get<Recorded>(*done);
}

tl::expected<std::string, std::string> SqliteStore::position() {
  const auto done = implementation_->perform(0, [](SqliteWriter& writer) -> Job::Value { return writer.position(); });
  if (!done) return tl::unexpected(done.error());
  return std::get<std::string>(*done);
}

}  // namespace connectord::trace
