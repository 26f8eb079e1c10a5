#pragma once

#include <string>
#include <string_view>

#include "connectord/net/ip_address.h"

namespace connectord::dns {

// The name whose PTR records say what an address is called (RFC 1035, 3.5; RFC 3596, 2.5).
std::string reverse_name(const net::IpAddress& address);

// A line of a zone file with a TXT record, in pieces as DNS has them (RFC 1035, 3.3.14 and 5.1).
std::string txt_line(std::string_view name, std::string_view text);

}  // namespace connectord::dns
