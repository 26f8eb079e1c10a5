#include "connectord/runtime/doorkeeper.h"

namespace connectord::runtime {

bool Doorkeeper::admits(const net::IpAddress& client) {
  if (engine::may_connect(*services_.policies.current().policy, service_, client)) return true;
  constexpr std::int64_t interval = 60;
  const std::int64_t now = services_.unix_time();
  std::int64_t next = next_line_.load(std::memory_order_relaxed);
  if (now >= next && next_line_.compare_exchange_strong(next, now + interval, std::memory_order_relaxed)) {
    services_.log.warning(subject_, "a client may not connect: server.inet_clients does not name it",
                          {{"client", client.to_string()}});
  }
  return false;
}

}  // namespace connectord::runtime
