#include "connectord/net/connection_table.h"

#include <algorithm>
#include <iterator>

#include "connectord/net/stream_server.h"

namespace connectord::net {
namespace {

constexpr std::size_t shares = 2;     // a peer has this part of the connections at most
constexpr std::size_t reserves = 10;  // and this part is kept for whom the machine belongs to

bool has_reserve(const SocketPeer& peer) {
  return peer.uid == uid_t{0} || (peer.address && peer.address->is_loopback());
}

}  // namespace

ConnectionTable::Admission ConnectionTable::admit(const SocketPeer& peer) const {
  const std::string name = counted_as(peer);
  const auto own = peers_.find(name);
  if (own != peers_.end() && own->second.size() >= std::max<std::size_t>(most_ / shares, 1)) {
    auto gives_way = waiting_longest(own->second);
    return {gives_way != nullptr, gives_way};
  }
  const std::size_t room = has_reserve(peer) ? most_ : most_ - most_ / reserves;
  return size() < room ? Admission{} : without_growing(name);
}

// The new one takes the place of one of the peer that has most; of several, the new one's own.
ConnectionTable::Admission ConnectionTable::without_growing(const std::string& peer) const {
  const Connections* most = nullptr;
  std::shared_ptr<StreamConnection> gives_way;
  for (const auto& [name, connections] : peers_) {
    const bool more =
        most == nullptr || connections.size() > most->size() || (connections.size() == most->size() && name == peer);
    if (!more) continue;
    auto candidate = waiting_longest(connections);
    if (candidate == nullptr) continue;
    most = &connections;
    gives_way = std::move(candidate);
  }
  return {gives_way != nullptr, gives_way};
}

std::shared_ptr<StreamConnection> ConnectionTable::waiting_longest(const Connections& connections) {
  const auto found =
      std::find_if(connections.begin(), connections.end(), [](const auto& each) { return !each->is_busy(); });
  return found == connections.end() ? nullptr : *found;
}

void ConnectionTable::add(const SocketPeer& peer, const std::shared_ptr<StreamConnection>& connection) {
  const auto place = peers_.try_emplace(counted_as(peer)).first;
  place->second.push_back(connection);
  places_.emplace(connection.get(), Place{place, std::prev(place->second.end())});
}

void ConnectionTable::used(const StreamConnection& connection) {
  const auto found = places_.find(&connection);
  if (found == places_.end()) return;
  Connections& connections = found->second.peer->second;
  connections.splice(connections.end(), connections, found->second.connection);
}

void ConnectionTable::remove(const StreamConnection& connection) {
  const auto found = places_.find(&connection);
  if (found == places_.end()) return;
  const Place place = found->second;
  places_.erase(found);
  place.peer->second.erase(place.connection);
  if (place.peer->second.empty()) peers_.erase(place.peer);
}

std::shared_ptr<StreamConnection> ConnectionTable::any() const {
  return peers_.empty() ? nullptr : peers_.begin()->second.front();
}

}  // namespace connectord::net
