#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "connectord/dns/resolver.h"
#include "connectord/engine/policy.h"
#include "connectord/session/signing_keys.h"

namespace connectord::session {

// What one configuration makes: the policy, the resolver that its [dns] asks for, and the keys of its signing.
struct Generation {
  std::shared_ptr<const engine::Policy> policy;
  std::shared_ptr<dns::Resolver> resolver;
  std::shared_ptr<const SigningKeys> signing_keys;
  std::uint64_t number = 1;  // since the start
};

// The running generation. A message takes the current one at its MAIL command and keeps it to its end, so a new
// configuration counts for new messages and none is decided by two. Thread-safe.
class PolicyStore {
 public:
  // `resolver` may be empty where the policy checks no authentication, and `signing_keys` where nothing is signed.
  explicit PolicyStore(std::shared_ptr<const engine::Policy> policy, std::shared_ptr<dns::Resolver> resolver = nullptr,
                       std::shared_ptr<const SigningKeys> signing_keys = nullptr)
      : current_{std::move(policy), std::move(resolver), std::move(signing_keys), 1} {}

  Generation current() const {
    const std::scoped_lock lock(mutex_);
    return current_;
  }
  void replace(std::shared_ptr<const engine::Policy> policy, std::shared_ptr<dns::Resolver> resolver = nullptr,
               std::shared_ptr<const SigningKeys> signing_keys = nullptr) {
    // The old ones end outside the lock, a resolver with its thread.
    Generation next{std::move(policy), std::move(resolver), std::move(signing_keys), 0};
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
