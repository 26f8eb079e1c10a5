#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <tl/expected.hpp>

#include "connectord/net/endpoint.h"
#include "connectord/net/listener.h"
#include "connectord/session/session.h"

namespace connectord::milter {

struct Shared;

// Speaks the milter protocol with Postfix or Sendmail by way of libmilter, and hands every event to a Session.
// libmilter keeps its state in globals, so there is one MilterServer in a process.
class MilterServer {
 public:
  // The referred to must outlive it.
  MilterServer(const session::Services& services, session::Intake& intake);
  ~MilterServer();
  MilterServer(const MilterServer&) = delete;
  MilterServer& operator=(const MilterServer&) = delete;

  // Opens the listening socket; afterwards the process may drop its privileges.
  tl::expected<void, std::string> open(const net::Endpoint& endpoint, const net::SocketRights& rights);
  // Serves on threads of libmilter's until stop(). `on_end` is called when serving ends without having been told to.
  void start(std::function<void()> on_end);
  // Takes no more connections, and returns when libmilter has ended; some tenths of a second.
  void stop();

 private:
  std::unique_ptr<const Shared> shared_;
  net::Endpoint endpoint_;
  std::jthread thread_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace connectord::milter
