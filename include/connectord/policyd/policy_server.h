#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "connectord/net/listener.h"
#include "connectord/session/session.h"

namespace connectord::policyd {

struct PolicyLimits {
  std::size_t connections = 10'000;
  std::size_t request_bytes = std::size_t{64} << 10;
  // How long a request may take to arrive once it has begun. Between requests a connection may be idle as long as
  // Postfix likes.
  std::chrono::milliseconds request_time{30'000};
};

// Answers Postfix's policy requests (SMTPD_POLICY_README) on one thread of its own. A request that cannot be read is
// answered with a deferral and its connection closed; others go on.
class PolicyServer {
 public:
  // The referred to must outlive it.
  PolicyServer(base::FileDescriptor listener, const runtime::Services& services, const PolicyLimits& limits = {});
  ~PolicyServer();
  PolicyServer(const PolicyServer&) = delete;
  PolicyServer& operator=(const PolicyServer&) = delete;

  void start();
  // Closes all connections and returns when the thread has ended.
  void stop();
  // Whether the thread does what it is given within that time. Thread-safe.
  bool responds(std::chrono::milliseconds limit);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace connectord::policyd
