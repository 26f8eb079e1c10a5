#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "connectord/base/mutex.h"
#include "connectord/dns/resolver.h"
#include "connectord/engine/policy.h"
#include "connectord/runtime/credentials.h"
#include "connectord/runtime/signing_keys.h"

namespace connectord::runtime {

// What stands in the files with secrets that a configuration names. Empty where it names none, and for who only looks.
struct Secrets {
  std::shared_ptr<const Credentials> credentials;
  std::shared_ptr<const SigningKeys> signing_keys;
  std::shared_ptr<const auth::DkimSigningIdentity> sealing;
};

// What one configuration makes: the policy, the resolver that its [dns] asks for, and the secrets that it names.
struct Generation {
  std::shared_ptr<const engine::Policy> policy;
  std::shared_ptr<dns::Resolver> resolver;  // may be empty where the policy checks no authentication
  Secrets secrets;
  std::uint64_t number = 1;  // since the start

  // nullptr for none.
  const std::string* credentials_of(std::string_view outbound_connector) const {
    if (!secrets.credentials) return nullptr;
    const auto found = secrets.credentials->find(outbound_connector);
    return found == secrets.credentials->end() ? nullptr : &found->second;
  }
};

// The running generation. A message takes the current one at its MAIL command and keeps it to its end, so a new
// configuration counts for new messages and none is decided by two. Thread-safe.
class PolicyStore {
 public:
  explicit PolicyStore(std::shared_ptr<const engine::Policy> policy, std::shared_ptr<dns::Resolver> resolver = nullptr,
                       Secrets secrets = {})
      : current_{std::move(policy), std::move(resolver), std::move(secrets)} {}

  Generation current() const {
    const base::MutexLock lock(mutex_);
    return current_;
  }
  void replace(std::shared_ptr<const engine::Policy> policy, std::shared_ptr<dns::Resolver> resolver = nullptr,
               Secrets secrets = {}) {
    // The old ones end outside the lock, a resolver with its thread.
    Generation next{std::move(policy), std::move(resolver), std::move(secrets)};
    {
      const base::MutexLock lock(mutex_);
      next.number = current_.number + 1;
      std::swap(current_, next);
    }
  }

 private:
  mutable base::Mutex mutex_;
  Generation current_ GUARDED_BY(mutex_);
};

}  // namespace connectord::runtime
