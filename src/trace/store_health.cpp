#include "store_health.h"

namespace connectord::trace {

StoreResult<> StoreHealth::check() const {
  if (!has_outage()) return {};
  const base::MutexLock lock(mutex_);
  return unavailable(reason_);
}

void StoreHealth::begin_outage(const std::string& reason) {
  {
    const base::MutexLock lock(mutex_);
    reason_ = reason;
    if (has_outage_.exchange(true)) return;
    since_ = std::chrono::steady_clock::now();
    condition_.since = clock_() / 1000;
  }
  log_.error(store_subject, "the trace cannot be written; trying again until it can",
             {{"file", file_}, {"error", reason}});
}

void StoreHealth::count_loss() {
  const base::MutexLock lock(mutex_);
  ++condition_.losses;
  condition_.last_loss = clock_() / 1000;
}

Condition StoreHealth::condition() const {
  const base::MutexLock lock(mutex_);
  Condition condition = condition_;
  if (has_outage()) condition.outage = reason_;
  return condition;
}

void StoreHealth::end_outage() {
  std::chrono::seconds lasted{};
  {
    const base::MutexLock lock(mutex_);
    if (!has_outage_.exchange(false)) return;
    lasted = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - since_);
  }
  log_.warning(store_subject, "the trace can be written again",
               {{"file", file_},
                {"after_seconds", std::to_string(lasted.count())},
                {"not_kept", std::to_string(failures_.exchange(0))}});
}

}  // namespace connectord::trace
