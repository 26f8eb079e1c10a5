#include "store_health.h"

#include <utility>

namespace connectord::trace {
namespace {

constexpr std::int64_t pause_of_log = 60'000;  // milliseconds

}  // namespace

StoreResult<> StoreHealth::check() const {
  if (!has_outage()) return {};
  const base::MutexLock lock(mutex_);
  return unavailable(reason_);
}

bool StoreHealth::take_to_log() {
  const std::int64_t now = clock_();
  const bool is_soon = now >= last_logged_ && now - last_logged_ < pause_of_log;
  if (is_logged_ || is_soon) return false;
  is_logged_ = true;
  last_logged_ = now;
  return true;
}

void StoreHealth::begin_outage(const std::string& reason) {
  log::Fields fields{{"file", file_}, {"error", reason}};
  {
    const base::MutexLock lock(mutex_);
    reason_ = reason;
    if (!has_outage_.exchange(true)) {
      since_ = std::chrono::steady_clock::now();
      condition_.since = clock_() / 1000;
      is_logged_ = false;
    }
    if (!take_to_log()) return;
    if (not_logged_ > 0) fields.emplace_back("outages_before", std::to_string(std::exchange(not_logged_, 0)));
  }
  log_.error(store_subject, "the trace cannot be written; trying again until it can", fields);
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
    if (!is_logged_) {
      ++not_logged_;
      return;
    }
    lasted = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - since_);
  }
  log_.warning(store_subject, "the trace can be written again",
               {{"file", file_},
                {"after_seconds", std::to_string(lasted.count())},
                {"not_kept", std::to_string(failures_.exchange(0))}});
}

}  // namespace connectord::trace
