#include "connectord/net/special_addresses.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace connectord::net {
namespace {

struct Special {
  std::string_view range;
  std::string_view what;
};

// All that is not globally reachable. Blocks that lie side by side and are for the same stand as one.
constexpr std::array<Special, 20> special = {{{"0.0.0.0/8", "no host"},
                                              {"10.0.0.0/8", "private"},
                                              {"100.64.0.0/10", "shared"},  // RFC 6598
                                              {"127.0.0.0/8", "loopback"},
                                              {"169.254.0.0/16", "link-local"},
                                              {"172.16.0.0/12", "private"},
                                              {"192.0.0.0/24", "no host"},
                                              {"192.168.0.0/16", "private"},
                                              {"198.18.0.0/15", "private"},  // benchmarks
                                              {"224.0.0.0/3", "no host"},    // multicast, reserved, broadcast
                                              {"::/96", "loopback"},         // with the unspecified address
                                              {"64:ff9b:1::/48", "translated"},
                                              {"100::/64", "no host"},
                                              {"100:0:0:1::/64", "no host"},
                                              {"2001:2::/48", "private"},   // benchmarks
                                              {"2001:10::/28", "no host"},  // ORCHID
                                              {"5f00::/16", "no host"},     // segments (RFC 9602)
                                              {"fc00::/7", "private"},
                                              {"fe80::/9", "link-local"},  // with the former site-local ones
                                              {"ff00::/8", "no host"}}};

const std::vector<std::pair<AddressRange, std::string_view>>& special_ranges() {
  static const auto ranges = [] {
    std::vector<std::pair<AddressRange, std::string_view>> parsed;
    for (const Special& each : special) parsed.emplace_back(AddressRange::parse(each.range).value(), each.what);
    return parsed;
  }();
  return ranges;
}

// These hold other addresses in themselves, private ones too.
bool is_translated(const IpAddress& address) {
  static const std::array<AddressRange, 2> ranges = {AddressRange::parse("64:ff9b::/96").value(),
                                                     AddressRange::parse("2002::/16").value()};
  return std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) { return range.contains(address); });
}

}  // namespace

std::string_view special_purpose(const IpAddress& address) {
  const auto& ranges = special_ranges();
  const auto found =
      std::find_if(ranges.begin(), ranges.end(), [&](const auto& each) { return each.first.contains(address); });
  return found == ranges.end() ? std::string_view() : found->second;
}

std::string why_not_reached(const IpAddress& address, const std::vector<AddressRange>& ours) {
  const auto contains = [&address](const AddressRange& range) { return range.contains(address); };
  if (std::any_of(ours.begin(), ours.end(), contains)) return {};
  return std::string(is_translated(address) ? "translated" : special_purpose(address));
}

}  // namespace connectord::net
