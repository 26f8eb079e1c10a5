#pragma once

#include <cstdint>

#include "connectord/engine/clock.h"

namespace connectord::engine {

// How long one rule takes, by the caller's clock.
class RuleTimer {
 public:
  explicit RuleTimer(NanosecondClock clock) : clock_(clock), began_(clock == nullptr ? 0 : clock()) {}

  // Rounded up, so that what was measured is never 0.
  std::int64_t microseconds() const {
    constexpr std::int64_t nanoseconds = 1'000;
    return clock_ == nullptr ? 0 : (clock_() - began_) / nanoseconds + 1;
  }

 private:
  NanosecondClock clock_;
  std::int64_t began_;
};

}  // namespace connectord::engine
