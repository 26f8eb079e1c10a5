#include "sessions.h"

#include <algorithm>
#include <utility>

#include "connectord/base/digest.h"

namespace connectord::api {
namespace {

// Takes the one out that has waited the longest.
template <class Map, class Time>
void make_room(Map& map, std::size_t most, const Time& time_of) {
  if (map.size() < most) return;
  map.erase(std::min_element(map.begin(), map.end(), [&time_of](const auto& a, const auto& b) {
    return time_of(a.second) < time_of(b.second);
  }));
}

}  // namespace

void Sessions::forget_old(std::int64_t now) {
  std::erase_if(sessions_, [now](const auto& entry) {
    return now - entry.second.used >= idle_seconds || now - entry.second.began >= longest_seconds;
  });
  std::erase_if(links_, [now](const auto& entry) { return now - entry.second.made >= link_seconds; });
}

Sessions::Begun Sessions::begin(const Caller& caller, const std::string& peer, std::int64_t now) {
  NewToken made = make_token(caller.name, caller.role, now);
  const base::MutexLock lock(mutex_);
  forget_old(now);
  make_room(sessions_, max_sessions, [](const Session& session) { return session.used; });
  Session session{caller, peer, now, now};
  session.caller.session = std::to_string(++last_number_);
  sessions_.emplace(made.token.sha256, session);
  return {std::move(session), std::move(made.secret)};
}

// By the digest of 256 random bits, so that the time of the search says nothing of any secret.
std::optional<Caller> Sessions::find(std::string_view secret, std::int64_t now) {
  const base::MutexLock lock(mutex_);
  forget_old(now);
  const auto found = sessions_.find(base::sha256_hex(secret));
  if (found == sessions_.end()) return std::nullopt;
  found->second.used = now;
  return found->second.caller;
}

std::optional<Sessions::Session> Sessions::with_number(const std::string& number, std::int64_t now) {
  for (Session& session : list(now)) {
    if (session.caller.session == number) return std::move(session);
  }
  return std::nullopt;
}

bool Sessions::end(const std::string& number, std::int64_t now) {
  const base::MutexLock lock(mutex_);
  forget_old(now);
  return std::erase_if(sessions_, [&number](const auto& entry) { return entry.second.caller.session == number; }) > 0;
}

std::vector<Sessions::Session> Sessions::list(std::int64_t now) {
  std::vector<Session> all;
  {
    const base::MutexLock lock(mutex_);
    forget_old(now);
    for (const auto& [digest, session] : sessions_) all.push_back(session);
  }
  std::sort(all.begin(), all.end(), [](const Session& a, const Session& b) { return a.began > b.began; });
  return all;
}

std::string Sessions::make_link(const Caller& caller, std::int64_t now) {
  NewToken made = make_token(caller.name, caller.role, now);
  const base::MutexLock lock(mutex_);
  forget_old(now);
  make_room(links_, max_links, [](const Link& link) { return link.made; });
  links_.emplace(made.token.sha256, Link{caller, now});
  return std::move(made.secret);
}

std::optional<Caller> Sessions::redeem(std::string_view secret, std::int64_t now) {
  const base::MutexLock lock(mutex_);
  forget_old(now);
  const auto node = links_.extract(base::sha256_hex(secret));
  if (node.empty()) return std::nullopt;
  return node.mapped().caller;
}

}  // namespace connectord::api
