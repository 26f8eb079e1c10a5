#include "connectord/delivery/told.h"

#include "connectord/base/ascii_case.h"

namespace connectord::delivery {
namespace {

// A delivery process of Postfix's keeps what it was told as long as it lives, a hundred deliveries or so.
constexpr std::int64_t longest_use = 900;
// The log may have the second in which it was written, and clocks are read at different moments.
constexpr std::int64_t slack = 1;

}  // namespace

bool Told::Answer::counts_at(std::int64_t time) const {
  return last != 0 && first <= time + slack && last >= time - longest_use;
}

void Told::note(std::string_view next_hop, ToldBy by, std::int64_t time) {
  const base::MutexLock lock(mutex_);
  Answers& answers = next_hops_.at(next_hop);
  if (answers.now.last == 0 || answers.now.by != by) {
    answers.before = answers.now;
    answers.now = {.by = by, .first = time, .last = time};
  }
  answers.now.last = time;
}

std::optional<ToldBy> Told::at(const std::vector<std::string>& next_hops, std::int64_t time) const {
  std::optional<ToldBy> found;
  bool differ = false;
  const auto take = [&](const Answer& answer) {
    if (!answer.counts_at(time)) return;
    differ = differ || (found && *found != answer.by);
    found = answer.by;
  };
  const base::MutexLock lock(mutex_);
  for (const std::string& next_hop : next_hops) {
    const Answers* answers = next_hops_.find(base::to_lower(next_hop));
    if (answers == nullptr) continue;
    take(answers->now);
    take(answers->before);
  }
  return differ ? std::nullopt : found;
}

}  // namespace connectord::delivery
