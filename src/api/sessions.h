#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/api/tokens.h"
#include "connectord/base/mutex.h"
#include "gatekeeper.h"

namespace connectord::api {

// Who is logged in at the console. A session begins with a token or a link, and ends when nobody has used it for an
// hour, after eight hours, with its token, with the process, or when somebody ends it. Only digests of the secrets are
// kept. Times are in seconds since 1970. Thread-safe; the number of sessions and links is bounded: the one that was
// used the longest ago goes for a new one.
class Sessions {
 public:
  static constexpr std::int64_t idle_seconds = 3600;
  static constexpr std::int64_t longest_seconds = 8 * idle_seconds;
  static constexpr std::int64_t link_seconds = 60;
  static constexpr std::size_t max_sessions = 200;
  static constexpr std::size_t max_links = 50;

  struct Session {
    Caller caller;  // with the session's number
    std::string peer;
    std::int64_t began = 0;
    std::int64_t used = 0;
  };
  struct Begun {
    Session session;
    std::string secret;
  };

  Begun begin(const Caller& caller, const std::string& peer, std::int64_t now);
  // Whose session it is; to be asked again is to use it.
  std::optional<Caller> find(std::string_view secret, std::int64_t now);
  std::optional<Session> with_number(const std::string& number, std::int64_t now);
  // False where there is none of that number.
  bool end(const std::string& number, std::int64_t now);
  // The newest first.
  std::vector<Session> list(std::int64_t now);

  // The secret of a link, by which `caller` may begin a session once.
  std::string make_link(const Caller& caller, std::int64_t now);
  // Whose link it was; it is of no more use.
  std::optional<Caller> redeem(std::string_view secret, std::int64_t now);

 private:
  struct Link {
    Caller caller;
    std::int64_t made = 0;
  };

  void forget_old(std::int64_t now) REQUIRES(mutex_);

  base::Mutex mutex_;
  std::uint64_t last_number_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, Session> sessions_ GUARDED_BY(mutex_);  // by the digest of its secret
  std::map<std::string, Link> links_ GUARDED_BY(mutex_);
};

}  // namespace connectord::api
