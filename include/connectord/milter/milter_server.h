#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
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
  MilterServer(const runtime::Services& services, session::InFlight& intake);
  ~MilterServer();
  MilterServer(const MilterServer&) = delete;
  MilterServer& operator=(const MilterServer&) = delete;

  // Opens the listening socket; afterwards the process may drop its privileges. Of an inet endpoint, connections are
  // taken only from whom engine::may_connect() lets in.
  tl::expected<void, std::string> open(const net::Endpoint& endpoint, const net::SocketRights& rights);
  // Serves on threads of libmilter's for as long as the process lives: libmilter looks only every five seconds whether
  // it should stop, so who wants to stop sees that no message is on its way and ends the process. `on_end` is called if
  // libmilter ends by itself.
  static void start(std::function<void()> on_end);
  // Whether libmilter answers a mail server that connects now and negotiates, within that time for each step. True also
  // where this cannot be asked: this process may not connect to its own socket, or has no file left for it.
  bool responds(std::chrono::milliseconds limit) const;

 private:
  tl::expected<void, std::string> guard(const net::Endpoint& endpoint);

  std::unique_ptr<const Shared> shared_;
  net::Endpoint endpoint_;
};

}  // namespace connectord::milter
