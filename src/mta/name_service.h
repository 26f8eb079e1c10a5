#pragma once

#include <netdb.h>

#include <memory>
#include <string>

namespace connectord::mta {

using AddressList = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

// What the system's name services know of a host and a service; this machine for an empty host. nullptr for nothing.
AddressList look_up(const std::string& host, const std::string& service);

}  // namespace connectord::mta
