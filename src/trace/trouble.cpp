#include "trouble.h"

namespace connectord::trace {
std::string Trouble::reason() const {
  if (!is_there()) return {};
  const base::MutexLock lock(mutex_);
  return reason_;
}

void Trouble::begin(const std::string& reason) {
  {
    const base::MutexLock lock(mutex_);
    reason_ = reason;
    if (is_there_.exchange(true)) return;
    since_ = std::chrono::steady_clock::now();
    condition_.since = clock_() / 1000;
  }
  log_.error(store_subject, "the trace cannot be written; trying again until it can",
             {{"file", file_}, {"error", reason}});
}

void Trouble::count_loss() {
  const base::MutexLock lock(mutex_);
  ++condition_.losses;
  condition_.last_loss = clock_() / 1000;
}

Condition Trouble::condition() const {
  const base::MutexLock lock(mutex_);
  Condition condition = condition_;
  if (is_there()) condition.trouble = reason_;
  return condition;
}

void Trouble::end() {
  std::chrono::seconds lasted{};
  {
    const base::MutexLock lock(mutex_);
    if (!is_there_.exchange(false)) return;
    lasted = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - since_);
  }
  log_.warning(store_subject, "the trace can be written again",
               {{"file", file_},
                {"after_seconds", std::to_string(lasted.count())},
                {"not_kept", std::to_string(failures_.exchange(0))}});
}

}  // namespace connectord::trace
