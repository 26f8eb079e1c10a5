#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "connectord/net/socket_peer.h"

namespace connectord::net {

class StreamConnection;

// The connections of one server, and which of them goes where a new one finds no room, so that nobody can shut the
// others out by holding connections open. A peer has half of them at most. A tenth is kept for root over a unix socket,
// and for this machine over the loopback interface. Where all are taken, the peer that has most gives one up: the one
// that has been waiting longest for a request. Not thread-safe.
class ConnectionTable {
 public:
  explicit ConnectionTable(std::size_t most) : most_(most) {}

  struct Admission {
    bool admitted = true;
    std::shared_ptr<StreamConnection> gives_way;  // to be closed for it
  };
  // Of a new connection of that peer.
  Admission admit(const SocketPeer& peer) const;

  void add(const SocketPeer& peer, const std::shared_ptr<StreamConnection>& connection);
  // It has made a request, so others give way before it does.
  void used(const StreamConnection& connection);
  void remove(const StreamConnection& connection);

  std::size_t size() const { return places_.size(); }
  // nullptr where there is none.
  std::shared_ptr<StreamConnection> any() const;

 private:
  using Connections = std::list<std::shared_ptr<StreamConnection>>;  // of one peer, in the order of their last use
  using Peers = std::map<std::string, Connections>;
  struct Place {
    Peers::iterator peer;
    Connections::iterator connection;
  };

  Admission without_growing(const std::string& peer) const;
  static std::shared_ptr<StreamConnection> waiting_longest(const Connections& connections);

  std::size_t most_;
  Peers peers_;
  std::unordered_map<const StreamConnection*, Place> places_;
};

}  // namespace connectord::net
