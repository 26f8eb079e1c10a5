#include "reach.h"

#include <ifaddrs.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "connectord/probe/domain_check.h"

namespace connectord::probe {
namespace {

struct Special {
  std::string_view range;
  std::string_view what;
};

// The registries of RFC 6890 as far as nothing in the public network lies there. Documentation networks are left out:
// they harm nobody. The last ones hold other addresses in themselves, private ones too.
constexpr std::array<Special, 18> special = {{{"0.0.0.0/8", "no host"},
                                              {"10.0.0.0/8", "private"},
                                              {"100.64.0.0/10", "private"},
                                              {"127.0.0.0/8", "loopback"},
                                              {"169.254.0.0/16", "link-local"},
                                              {"172.16.0.0/12", "private"},
                                              {"192.0.0.0/24", "no host"},
                                              {"192.168.0.0/16", "private"},
                                              {"198.18.0.0/15", "private"},
                                              {"224.0.0.0/3", "no host"},
                                              {"::/96", "loopback"},
                                              {"100::/64", "no host"},
                                              {"fc00::/7", "private"},
                                              {"fe80::/9", "link-local"},
                                              {"ff00::/8", "no host"},
                                              {"64:ff9b::/96", "translated"},
                                              {"64:ff9b:1::/48", "translated"},
                                              {"2002::/16", "translated"}}};

const std::vector<std::pair<net::AddressRange, std::string_view>>& special_ranges() {
  static const auto ranges = [] {
    std::vector<std::pair<net::AddressRange, std::string_view>> parsed;
    for (const Special& each : special) parsed.emplace_back(net::AddressRange::parse(each.range).value(), each.what);
    return parsed;
  }();
  return ranges;
}

}  // namespace

std::string why_not_reached(const net::IpAddress& address, const std::vector<net::AddressRange>& ours) {
  const auto contains = [&address](const net::AddressRange& range) { return range.contains(address); };
  if (std::any_of(ours.begin(), ours.end(), contains)) return {};
  for (const auto& [range, what] : special_ranges()) {
    if (range.contains(address)) return std::string(what);
  }
  return {};
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
