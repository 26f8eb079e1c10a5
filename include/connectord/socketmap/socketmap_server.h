#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "connectord/net/listener.h"
#include "connectord/session/session.h"

namespace connectord::socketmap {

struct SocketmapLimits {
  std::size_t connections = 10'000;
  // Of one request. Postfix's header checks may hand over a header of 100 KiB (header_size_limit).
  std::size_t request_bytes = std::size_t{128} << 10;
  // Of requests that are under way, of all connections together.
  std::size_t waiting_bytes = std::size_t{32} << 20;
  // What a connection may keep of that whatever the others do, so that nobody is refused for what they keep: more than
  // a request about an address takes.
  std::size_t own_bytes = std::size_t{2} << 10;
  // How long a request may take to arrive once it has begun, and an answer to be taken. Between requests a connection
  // may be idle as long as the mail server likes.
  std::chrono::milliseconds exchange_time{10'000};
};

// Answers a mail server's questions about outbound connectors (socketmap_table(5)) on one thread of its own, by the
// configuration that runs at that moment. A request that depends on what a destination publishes about its TLS stays
// open until that is known, as long as the advisor has patience; others do not wait for it. A connection whose request
// cannot be read is closed; others go on. While connectord stops, all answers are TEMP.
class SocketmapServer {
 public:
  // The referred to must outlive it; an advisor must have been stopped before it ends.
  SocketmapServer(base::FileDescriptor listener, const runtime::Services& services, const session::InFlight& intake,
                  const SocketmapLimits& limits = {});
  ~SocketmapServer();
  SocketmapServer(const SocketmapServer&) = delete;
  SocketmapServer& operator=(const SocketmapServer&) = delete;

  void start();
  // Closes all connections and returns when the thread has ended.
  void stop();
  // Whether the thread does what it is given within that time. Thread-safe.
  bool responds(std::chrono::milliseconds limit);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace connectord::socketmap
