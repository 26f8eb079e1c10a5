#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectord/net/ip_address.h"

namespace connectord::net {

// What an address is for that is none of the public network, by IANA's registries of special-purpose addresses (RFC
// 6890): "private", "shared", "loopback", "link-local", "no host"; empty for all others. Networks for documentation are
// left out: they harm nobody, and people try things with them. Thread-safe.
std::string_view special_purpose(const IpAddress& address);

// Why we must not connect to an address that a stranger's DNS gave; empty: we may. Whoever writes a name's records
// could otherwise have us look around in our own network. `ours` are the networks in which names may lie all the same.
std::string why_not_reached(const IpAddress& address, const std::vector<AddressRange>& ours);

}  // namespace connectord::net
