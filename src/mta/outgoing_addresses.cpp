#include "connectord/mta/outgoing_addresses.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

#include "connectord/base/file_descriptor.h"
#include "connectord/mta/postfix_setup.h"
#include "connectord/net/socket_address.h"
#include "connectord/net/special_addresses.h"

namespace connectord::mta {
namespace {

// Connecting a datagram socket sends nothing, and has the kernel choose the source address.
std::optional<net::IpAddress> source_towards(const char* destination) {
  const auto address = net::IpAddress::parse(destination);
  const net::SocketAddress there = net::socket_address(*address, 25);
  const base::FileDescriptor fd(::socket(there.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), there.get(), there.size) != 0) return std::nullopt;
  sockaddr_storage here{};
  socklen_t size = sizeof here;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&here), &size) != 0) return std::nullopt;
  return net::IpAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&here));
}

struct Family {
  const char* bound;         // the parameter that binds it
  const char* switched_off;  // inet_protocols that leave it out
  const char* destination;   // any address of the public network: a.root-servers.net
};
constexpr Family families[] = {{"smtp_bind_address", "ipv6", "198.41.0.4"},
                               {"smtp_bind_address6", "ipv4", "2001:503:ba3e::2:30"}};

}  // namespace

std::vector<net::IpAddress> addresses_mail_leaves_by(const std::string& folder) {
  const auto setup = read_postfix(folder);
  std::vector<net::IpAddress> addresses;
  for (const Family& family : families) {
    if (setup && setup->effective("inet_protocols") == family.switched_off) continue;
    auto address = setup ? net::IpAddress::parse(setup->effective(family.bound)) : std::nullopt;
    if (!address) address = source_towards(family.destination);
    if (address && net::special_purpose(*address).empty()) addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace connectord::mta
