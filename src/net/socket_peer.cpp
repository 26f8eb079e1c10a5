#include "connectord/net/socket_peer.h"

#include <sys/socket.h>

namespace connectord::net {

SocketPeer peer_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  if (address.ss_family != AF_UNIX) return {IpAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&address)), {}};
  ucred peer{};
  size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
  return {{}, peer.uid};
}

std::string counted_as(const SocketPeer& peer) {
  constexpr unsigned site = 64;
  if (peer.uid) return "user " + std::to_string(*peer.uid);
  if (!peer.address) return "an unknown peer";
  if (peer.address->is_loopback()) return "this machine";
  if (peer.address->is_v4()) return peer.address->to_string();
  return masked(*peer.address, site).to_string() + "/" + std::to_string(site);
}

}  // namespace connectord::net
