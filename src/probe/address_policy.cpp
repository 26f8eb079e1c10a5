#include "address_policy.h"

#include <ifaddrs.h>
#include <sys/socket.h>

#include <memory>

#include "connectord/probe/domain_check.h"

namespace connectord::probe {
namespace {

template <class Visit>
void each_own_address(Visit&& visit) {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> interfaces(first, ::freeifaddrs);
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    if (const auto address = net::IpAddress::from_sockaddr(each->ifa_addr)) visit(*address);
  }
}

}  // namespace

bool is_of_this_machine(const net::IpAddress& address) {
  bool found = address.is_loopback();
  each_own_address([&](const net::IpAddress& own) { found = found || own == address; });
  return found;
}

}  // namespace connectord::probe
