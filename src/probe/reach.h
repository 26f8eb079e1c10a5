#pragma once

#include <string>
#include <vector>

#include "connectord/net/ip_address.h"

namespace connectord::probe {

// Why validation must not connect to an address that DNS gave; empty: it may. Whoever writes a name's records could
// otherwise have us look around in our own network. `ours` are the networks in which names may lie all the same.
std::string why_not_reached(const net::IpAddress& address, const std::vector<net::AddressRange>& ours);

// True for an address of one of this machine's interfaces, and for the loopback network.
bool is_of_this_machine(const net::IpAddress& address);

}  // namespace connectord::probe
