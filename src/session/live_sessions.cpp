#include "connectord/session/live_sessions.h"

#include <algorithm>
#include <utility>

namespace connectord::session {

namespace {

struct KeyHash {
  std::size_t operator()(const ConnectionKey& key) const {
    return std::hash<net::IpAddress>{}(key.client_address) ^ (std::size_t{key.client_port} << 16);
  }
};

}  // namespace

// Owned by the sessions too, so that one may end after the registry.
struct LiveSessions::Table {
  mutable std::mutex mutex;
  std::unordered_multimap<ConnectionKey, std::weak_ptr<Session>, KeyHash> sessions;
  std::size_t limit = 0;

  void leave(const ConnectionKey& key, const Session* session) {
    const std::scoped_lock lock(mutex);
    const auto [begin, end] = sessions.equal_range(key);
    // The session that leaves is dying, so its own weak pointer is among the expired ones.
    for (auto place = begin; place != end;) {
      const auto alive = place->second.lock();
      place = alive == nullptr || alive.get() == session ? sessions.erase(place) : std::next(place);
    }
  }
};

std::shared_ptr<const PolicyFacts> LiveSessions::Session::policy_facts() const {
  const std::scoped_lock lock(mutex_);
  return facts_;
}

LiveSessions::LiveSessions(std::size_t limit) : table_(std::make_shared<Table>()) {
  table_->limit = limit;
}

LiveSessions::~LiveSessions() = default;

std::shared_ptr<LiveSessions::Session> LiveSessions::enter(const ConnectionKey& key, std::uint16_t server_port) {
  std::shared_ptr<Session> session(new Session, [table = table_, key](Session* dying) {
    table->leave(key, dying);
    std::default_delete<Session>{}(dying);
  });
  session->server_port_ = server_port;
  const std::scoped_lock lock(table_->mutex);
  if (table_->sessions.size() >= table_->limit) return nullptr;
  table_->sessions.emplace(key, session);
  return session;
}

bool LiveSessions::tell(const ConnectionKey& key, std::uint16_t server_port, PolicyFacts facts) {
  std::vector<std::shared_ptr<Session>> found;
  {
    const std::scoped_lock lock(table_->mutex);
    const auto [begin, end] = table_->sessions.equal_range(key);
    for (auto place = begin; place != end; ++place) {
      auto session = place->second.lock();
      if (session == nullptr) continue;
      const bool same_port = session->server_port_ == 0 || server_port == 0 || session->server_port_ == server_port;
      if (same_port) found.push_back(std::move(session));
    }
  }
  // The found sessions are released here, outside the lock, since the last owner of one takes it again to leave.
  if (found.size() != 1) return false;
  const std::scoped_lock lock(found.front()->mutex_);
  found.front()->facts_ = std::make_shared<const PolicyFacts>(std::move(facts));
  return true;
}

std::size_t LiveSessions::size() const {
  const std::scoped_lock lock(table_->mutex);
  return table_->sessions.size();
}

}  // namespace connectord::session
