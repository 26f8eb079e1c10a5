#pragma once

#include <string_view>

#include "connectord/net/ip_address.h"

namespace connectord::net {

// What an address is for that is none of the public network, by IANA's registries of special-purpose addresses (RFC
// 6890): "private", "shared", "loopback", "link-local", "no host"; empty for all others. Networks for documentation are
// left out: they harm nobody, and people try things with them. Thread-safe.
std::string_view special_purpose(const IpAddress& address);

}  // namespace connectord::net
