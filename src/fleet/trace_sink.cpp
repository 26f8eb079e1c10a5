#include "connectord/fleet/trace_sink.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "connectord/base/background.h"
#include "connectord/base/json_values.h"
#include "connectord/base/mutex.h"
#include "connectord/base/time.h"
#include "lone_work.h"
#include "postgres_target.h"
#include "trace_pump.h"

namespace connectord::fleet {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view sink_subject = "fleet";
constexpr milliseconds between_batches{200};
// Others wait for mail of a host until it says that there is none.
constexpr std::chrono::seconds between_signs_of_life{5};
constexpr std::chrono::seconds between_looks_at_tables{60};

}  // namespace

class TraceSink::Work : public LoneWork {
 public:
  Work(const model::Configuration& configuration, trace::SqliteStore& store, log::Logger& log,
       std::function<void(const TraceSinkState&)> changed)
      : configuration_(configuration), changed_state_(std::move(changed)), store_(&store), log_(&log) {}

  void run(const std::stop_token& stop) {
    base::work_in_background();
    PostgresTarget target(configuration_, stop);
    const auto feed = trace::make_feed(configuration_.trace->file());
    TracePump pump(*feed, target);
    while (!stop.stop_requested()) {
      const milliseconds pause = one_step(target, pump);
      changed_state_(state());
      if (pause.count() > 0) wait(stop, pause);
    }
    note_end();
  }

  // The thread may hang for a while yet.
  void let_go() {
    const base::MutexLock lock(parts_mutex_);
    store_ = nullptr;
    log_ = nullptr;
  }

  TraceSinkState state() const {
    const base::MutexLock lock(mutex_);
    TraceSinkState now = state_;
    if (oldest_waiting_ > 0) now.lag = std::max<std::int64_t>(base::unix_time() - oldest_waiting_ / 1000, 0);
    return now;
  }

 private:
  using Clock = std::chrono::steady_clock;

  // How long to wait until the next one.
  milliseconds one_step(PostgresTarget& target, TracePump& pump) {
    try {
      if (Clock::now() >= next_look_) {
        if (const auto done = target.look_after_tables(); !done) return failed(done.error().reason, pump);
        next_look_ = Clock::now() + between_looks_at_tables;
      }
      const bool is_forced = Clock::now() >= next_sign_;
      const auto done = pump.step(is_forced);
      if (!done) return failed(done.error().reason, pump);
      if (is_forced) next_sign_ = Clock::now() + between_signs_of_life;
      succeeded(*done);
      return done->has_more ? milliseconds(0) : between_batches;
    } catch (const std::exception& error) {
      return failed(error.what(), pump);
    }
  }

  // The log has one line when it begins, and one when it is over.
  milliseconds failed(const std::string& reason, TracePump& pump) {
    next_sign_ = {};
    note_backlog(pump);
    if (note_failure(reason)) {
      const base::MutexLock lock(parts_mutex_);
      if (log_ != nullptr) {
        log_->warning(sink_subject, "the joint trace cannot be written; rows wait on this host", {{"reason", reason}});
      }
    }
    return pause_.next();
  }

  void succeeded(const Pumped& done) {
    pause_.reset();
    const TraceSinkState before = note_success(done);
    const base::MutexLock lock(parts_mutex_);
    if (store_ != nullptr && done.cursor.row > 0) store_->note_fed(done.cursor);
    if (log_ == nullptr) return;
    if (!before.error.empty()) {
      log_->info(sink_subject, "the joint trace can be written again",
                 {{"seconds", std::to_string(base::unix_time() - before.since)}});
    }
    if (done.lost_now > 0) {
      log_->error(sink_subject,
                  "rows of the trace were removed before the database had them; on this host they were kept "
                  "for as long as trace.keep and fleet.spool_size allow",
                  {{"rows", std::to_string(done.lost_now)}});
    }
    if (!done.rejected_because.empty()) {
      log_->error(sink_subject, "the database does not take a row of the trace; it is in the table \"rejected\"",
                  {{"reason", done.rejected_because}});
    }
  }

  // True if it is not known yet that it fails.
  bool note_failure(const std::string& reason) {
    const base::MutexLock lock(mutex_);
    const bool is_news = state_.error.empty();
    if (is_news) state_.since = base::unix_time();
    state_.is_writing = false;
    state_.error = reason;
    return is_news;
  }

  // What waits goes on growing while nobody takes it.
  void note_backlog(TracePump& pump) {
    const auto backlog = pump.backlog();
    if (!backlog) return;
    const base::MutexLock lock(mutex_);
    state_.waiting = backlog->rows;
    oldest_waiting_ = backlog->oldest;
  }

  // The state before.
  TraceSinkState note_success(const Pumped& done) {
    const base::MutexLock lock(mutex_);
    TraceSinkState before = state_;
    state_.is_writing = true;
    state_.error.clear();
    state_.last_write = base::unix_time();
    state_.sent += static_cast<std::int64_t>(done.messages + done.reports);
    state_.waiting = done.waiting;
    state_.lost = done.lost;
    state_.rejected = done.rejected;
    if (done.lost_now > 0) state_.last_loss = state_.last_write;
    if (!done.rejected_because.empty()) {
      state_.last_rejection = state_.last_write;
      state_.rejected_because = done.rejected_because;
    }
    oldest_waiting_ = done.oldest_waiting;
    return before;
  }

  const model::Configuration configuration_;
  const std::function<void(const TraceSinkState&)> changed_state_;
  Clock::time_point next_look_;
  Clock::time_point next_sign_;
  Pause pause_;

  // What belongs to others, and may be gone before the thread is.
  base::Mutex parts_mutex_;
  trace::SqliteStore* store_ GUARDED_BY(parts_mutex_);
  log::Logger* log_ GUARDED_BY(parts_mutex_);

  mutable base::Mutex mutex_;
  TraceSinkState state_ GUARDED_BY(mutex_);
  std::int64_t oldest_waiting_ GUARDED_BY(mutex_) = 0;  // milliseconds since 1970
};

nlohmann::ordered_json to_json(const TraceSinkState& state) {
  const auto text = [](const std::string& value) { return base::text_or_null(value.substr(0, max_reason)); };
  return {{"writable", state.error.empty()},
          {"since", base::time_or_null(state.error.empty() ? 0 : state.since)},
          {"reason", text(state.error)},
          {"last_write", base::time_or_null(state.last_write)},
          {"waiting", state.waiting},
          {"lag_seconds", state.lag},
          {"lost", {{"rows", state.lost}, {"last", base::time_or_null(state.last_loss)}}},
          {"rejected",
           {{"rows", state.rejected},
            {"last", base::time_or_null(state.last_rejection)},
            {"reason", text(state.rejected_because)}}}};
}

TraceSink::TraceSink(const model::Configuration& configuration, trace::SqliteStore& store, log::Logger& log,
                     std::function<void(const TraceSinkState&)> changed)
    : work_(std::make_shared<Work>(configuration, store, log, std::move(changed))) {}

TraceSink::~TraceSink() {
  stop();
}

void TraceSink::start() {
  thread_ = std::jthread([work = work_](const std::stop_token& stop) { work->run(stop); });
}

void TraceSink::stop() {
  if (thread_.joinable() && !work_->end(thread_)) work_->let_go();
}

TraceSinkState TraceSink::state() const {
  return work_->state();
}

}  // namespace connectord::fleet
