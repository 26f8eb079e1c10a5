#include "connectord/runtime/live_sessions.h"

#include <algorithm>
#include <utility>

namespace connectord::runtime {

namespace {

struct KeyHash {
  std::size_t operator()(const ConnectionKey& key) const {
    return std::hash<net::IpAddress>{}(key.client_address) ^ (std::size_t{key.client_port} << 16);
  }
};

}  // namespace

// Owned by the sessions too, so that one may end after the registry. A session leaves it under the mutex when its last
// owner lets go, so nobody may own one, even for a moment, and let go of it while holding the mutex.
struct LiveSessions::Table {
  struct Entry {
    const Session* identity = nullptr;
    std::weak_ptr<Session> session;
  };

  mutable base::Mutex mutex;
  std::unordered_multimap<ConnectionKey, Entry, KeyHash> sessions GUARDED_BY(mutex);
  std::size_t limit = 0;  // does not change

  void leave(const ConnectionKey& key, const Session* session) {
    const base::MutexLock lock(mutex);
    const auto [begin, end] = sessions.equal_range(key);
    const auto place = std::find_if(begin, end, [&](const auto& entry) { return entry.second.identity == session; });
    if (place != end) sessions.erase(place);
  }

  std::vector<std::shared_ptr<Session>> find(const ConnectionKey& key) const {
    std::vector<std::shared_ptr<Session>> found;
    const base::MutexLock lock(mutex);
    const auto [begin, end] = sessions.equal_range(key);
    for (auto place = begin; place != end; ++place) {
      if (auto session = place->second.session.lock()) found.push_back(std::move(session));
    }
    return found;
  }
};

std::shared_ptr<const PolicyFacts> LiveSessions::Session::policy_facts() const {
  const base::MutexLock lock(mutex_);
  return facts_;
}

void LiveSessions::Session::attach_policy_facts(PolicyFacts facts) {
  auto latest = std::make_shared<const PolicyFacts>(std::move(facts));
  const base::MutexLock lock(mutex_);
  facts_ = std::move(latest);
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
  const base::MutexLock lock(table_->mutex);
  if (table_->sessions.size() >= table_->limit) return nullptr;
  table_->sessions.emplace(key, Table::Entry{session.get(), session});
  return session;
}

bool LiveSessions::attach_policy_facts(const ConnectionKey& key, std::uint16_t server_port, PolicyFacts facts) {
  std::vector<std::shared_ptr<Session>> found = table_->find(key);
  std::erase_if(found, [server_port](const auto& session) {
    return session->server_port_ != 0 && server_port != 0 && session->server_port_ != server_port;
  });
  if (found.size() != 1) return false;
  found.front()->attach_policy_facts(std::move(facts));
  return true;
}

std::size_t LiveSessions::size() const {
  const base::MutexLock lock(table_->mutex);
  return table_->sessions.size();
}

}  // namespace connectord::runtime
