#pragma once

#include <functional>
#include <string>
#include <thread>

#include "connectord/net/listener.h"

namespace connectord::daemon {

// Reports how the process is to root and to the process's own user, one after the other, on a thread of its own: the
// way on which mail goes never waits for it. It is a socket in the abstract namespace, so it needs no folder, works
// whatever listeners are configured, and nothing of it stays after a kill.
class HealthServer {
 public:
  // Takes the name. While still root: a client that sees the name held by root knows that nobody else has taken it.
  // On failure says why; the daemon can do without.
  tl::expected<void, std::string> open(const std::string& name);
  // Serves for as long as the process lives. Does nothing if it is not open.
  void start(std::function<std::string()> document);

 private:
  base::FileDescriptor listener_;
};

}  // namespace connectord::daemon
