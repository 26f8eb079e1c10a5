#include "reach.h"

#include <ifaddrs.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "connectord/net/special_addresses.h"
#include "connectord/probe/domain_check.h"

namespace connectord::probe {
namespace {

// These hold other addresses in themselves, private ones too.
bool is_translated(const net::IpAddress& address) {
  static const std::array<net::AddressRange, 2> ranges = {net::AddressRange::parse("64:ff9b::/96").value(),
                                                          net::AddressRange::parse("2002::/16").value()};
  return std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) { return range.contains(address); });
}

}  // namespace

std::string why_not_reached(const net::IpAddress& address, const std::vector<net::AddressRange>& ours) {
  const auto contains = [&address](const net::AddressRange& range) { return range.contains(address); };
  if (std::any_of(ours.begin(), ours.end(), contains)) return {};
  return std::string(is_translated(address) ? "translated" : net::special_purpose(address));
}

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

std::vector<net::IpAddress> own_public_addresses() {
  std::vector<net::IpAddress> addresses;
  each_own_address([&](const net::IpAddress& own) {
    if (why_not_reached(own, {}).empty()) addresses.push_back(own);
  });
  return addresses;
}

}  // namespace connectord::probe
