#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "connectord/net/ip_address.h"

namespace connectord::net {

// Who is at the other end of a connected socket.
struct SocketPeer {
  std::optional<IpAddress> address;  // over TCP
  std::optional<uid_t> uid;          // over a unix socket: the user that connected (SO_PEERCRED, unix(7))
};

// Both are empty where the connection is gone already.
SocketPeer peer_of(int socket);

// By what a server counts who has how much of it: a user, this machine as a whole over its loopback interface, an IPv4
// address, or the /64 that one site has in IPv6. In words.
std::string counted_as(const SocketPeer& peer);

}  // namespace connectord::net
