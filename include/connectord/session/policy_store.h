#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "connectord/dns/resolver.h"
#include "connectord/engine/policy.h"

namespace connectord::session {

// "user:password" of the outbound connectors that have one, by their names. Never to be logged or shown.
using Credentials = std::map<std::string, std::string, std::less<>>;

// What one configuration makes: the policy, the resolver that its [dns] asks for, and the secrets that it names.
struct Generation {
  std::shared_ptr<const engine::Policy> policy;
  std::shared_ptr<dns::Resolver> resolver;
  std::uint64_t number = 1;  // since the start
  std::shared_ptr<const Credentials> credentials;

  // nullptr for none.
  const std::string* credentials_of(std::string_view outbound_connector) const {
    if (!credentials) return nullptr;
    const auto found = credentials->find(outbound_connector);
    return found == credentials->end() ? nullptr : &found->second;
  }
};

// The running generation. A message takes the current one at its MAIL command and keeps it to its end, so a new
// configuration counts for new messages and none is decided by two. Thread-safe.
class PolicyStore {
 public:
  // `resolver` may be empty where the policy checks no authentication.
  explicit PolicyStore(std::shared_ptr<const engine::Policy> policy, std::shared_ptr<dns::Resolver> resolver = nullptr,
                       std::shared_ptr<const Credentials> credentials = nullptr)
      : current_{std::move(policy), std::move(resolver), 1, std::move(credentials)} {}

  Generation current() const {
    const std::scoped_lock lock(mutex_);
    return current_;
  }
  void replace(std::shared_ptr<const engine::Policy> policy, std::shared_ptr<dns::Resolver> resolver = nullptr,
               std::shared_ptr<const Credentials> credentials = nullptr) {
    // The old ones end outside the lock, a resolver with its thread.
    Generation next{std::move(policy), std::move(resolver), 0, std::move(credentials)};
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
