#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "connectord/dns/resolver.h"
#include "connectord/engine/policy.h"

namespace connectord::session {

// What one configuration makes: the policy, and the resolver that its [dns] asks for.
struct Generation {
  std::shared_ptr<const engine::Policy> policy;
  std::shared_ptr<dns::Resolver> resolver;
  std::uint64_t number = 1;  // since the start
};

// The running generation. A message takes the current one at its MAIL command and keeps it to its end, so a new
// configuration counts for new messages and none is decided by two. Thread-safe.
class PolicyStore {
 public:
  // `resolver` may be empty where the policy checks no authentication.
  explicit PolicyStore(std::shared_ptr<const engine::Policy> policy, std::shared_ptr<dns::Resolver> resolver = nullptr)
      : current_{std::move(policy), std::move(resolver), 1} {}

  Generation current() const {
    const std::scoped_lock lock(mutex_);
    return current_;
  }
  void replace(std::shared_ptr<const engine::Policy> policy, std::shared_ptr<dns::Resolver> resolver = nullptr) {
    // The old ones end outside the lock, a resolver with its thread.
    Generation next{std::move(policy), std::move(resolver), 0};
    {
      const std::scoped_lock lock(mutex_);
      next.number = current_.number + 1;
      std::swap(current_, next);
    }
  }

 private:
  mutable std::mutex mutex_;
  Generation current_;
};

}  // namespace connectord::session
