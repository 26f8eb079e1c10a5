#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "connectord/engine/policy.h"

namespace connectord::session {

// The running policy. A message takes the current one at its MAIL command and keeps it to its end, so a new
// configuration counts for new messages and none is decided by two. Thread-safe.
class PolicyStore {
 public:
  explicit PolicyStore(std::shared_ptr<const engine::Policy> policy) : policy_(std::move(policy)) {}

  std::shared_ptr<const engine::Policy> current() const {
    const std::scoped_lock lock(mutex_);
    return policy_;
  }
  // The number of this configuration since the start, from 1.
  std::uint64_t generation() const {
    const std::scoped_lock lock(mutex_);
    return generation_;
  }
  void replace(std::shared_ptr<const engine::Policy> policy) {
    const std::scoped_lock lock(mutex_);
    policy_.swap(policy);
    ++generation_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const engine::Policy> policy_;
  std::uint64_t generation_ = 1;
};

}  // namespace connectord::session
