#pragma once

#include "connectord/net/ip_address.h"

namespace connectord::probe {

// True for an address of one of this machine's interfaces, and for the loopback network.
bool is_of_this_machine(const net::IpAddress& address);

}  // namespace connectord::probe
