#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/base/time.h"
#include "connectord/delivery/decide.h"
#include "connectord/delivery/told.h"
#include "connectord/log/logger.h"
#include "connectord/runtime/policy_store.h"
#include "connectord/smtp/network.h"
#include "connectord/tls/chain.h"

namespace connectord::delivery {

struct AdvisorLimits {
  std::size_t destinations = 100'000;  // whose facts are kept
  std::size_t policies = 100'000;
  std::size_t lookups = 16;                   // threads that ask DNS
  std::size_t fetches = 8;                    // and threads that ask web servers
  std::chrono::milliseconds patience{5'000};  // that mail has for a destination about which nothing is known
  std::chrono::milliseconds connect{5'000};   // of one web server's address
  std::chrono::milliseconds fetch{20'000};    // for all addresses together
};

// What an advisor is made of. The referred to must outlive it.
struct AdvisorSetup {
  const runtime::PolicyStore& policies;
  log::Logger& log;
  std::shared_ptr<smtp::Network> network = smtp::make_network();
  std::function<std::int64_t()> unix_time = [] { return base::unix_time(); };
  std::function<tl::expected<tls::TrustStore, std::string>()> trusted = tls::TrustStore::of_system;
  AdvisorLimits limits{};
};

// Knows what destinations publish about their TLS, and says what counts. It asks DNS and web servers on threads of its
// own, as the configuration that runs at that moment says, fetches policies anew before they end, and keeps them in
// `delivery.state`. Thread-safe.
class Advisor {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Advisor(AdvisorSetup setup);
  // Waits for what is being asked.
  ~Advisor();
  Advisor(const Advisor&) = delete;
  Advisor& operator=(const Advisor&) = delete;

  // Reads what is kept, and begins to keep it fresh.
  void start();
  // Calls nobody back from then on, and writes what is to be kept.
  void stop();

  // At once; std::nullopt where something must be asked first.
  std::optional<Advice> known(const Question& question);
  // Has it asked, and calls back once on another thread when there is news, after which known() may have an answer.
  // Returns until when it is worth waiting for that: all who ask about a destination share the patience of the first.
  Clock::time_point ask(const Question& question, std::function<void()> when_known);
  // What counts where there is no more time: the policy that is kept, or to wait.
  Advice at_last(const Question& question);

  // What the mail server was told; whoever answers it notes that there.
  Told& told() { return told_; }

  // How many policies are kept.
  std::size_t policies() const;

 private:
  class Work;
  std::unique_ptr<Work> work_;
  Told told_;
};

// The file in that folder which keeps the policies.
std::string policies_file(const std::string& folder);

}  // namespace connectord::delivery
