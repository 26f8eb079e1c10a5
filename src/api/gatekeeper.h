#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/api/message.h"
#include "connectord/api/tokens.h"
#include "connectord/base/mutex.h"
#include "connectord/log/logger.h"

namespace connectord::api {

class Sessions;

struct Caller {
  std::string name;  // of the token; "uid 0" for root on the unix socket; empty for nobody
  Role role = Role::nobody;
  std::string token_sha256{};  // of the token that all rests on; empty where there is none
  std::string session{};       // its number, where a session's secret was shown
};

// Counts the wrong tokens of each peer within a minute. Thread-safe; the number of peers is bounded.
class WrongTries {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr unsigned most = 10;
  static constexpr std::chrono::seconds window{60};
  static constexpr std::size_t max_peers = 1000;  // what is beyond shares one count

  // True if this one is too many.
  bool count(const std::string& peer, Clock::time_point now);

 private:
  struct Tries {
    Clock::time_point begin;
    unsigned number = 0;
  };
  base::Mutex mutex_;
  std::map<std::string, Tries> peers_ GUARDED_BY(mutex_);
};

// Says who a caller is. The token file is read again when it has changed. Thread-safe.
class Gatekeeper {
 public:
  // The referred to must outlive it.
  Gatekeeper(std::string token_file, log::Logger& log, Sessions& sessions, std::function<std::int64_t()> unix_time,
             std::function<WrongTries::Clock::time_point()> clock = WrongTries::Clock::now)
      : file_(std::move(token_file)),
        log_(log),
        sessions_(sessions),
        unix_time_(std::move(unix_time)),
        clock_(std::move(clock)) {}

  // The caller, who may be nobody; or the answer to a wrong token.
  tl::expected<Caller, Response> identify(const Request& request);

  // Those that are valid now.
  std::vector<Token> tokens();

 private:
  struct Version {
    std::uint64_t inode = 0;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    std::int64_t size = -1;
    friend bool operator==(const Version&, const Version&) = default;
  };

  Version current_version() const;
  // By a session's secret, or at the beginning of one by a link's.
  std::optional<Caller> logged_in(const Request& request, std::string_view secret, const std::vector<Token>& tokens);
  tl::expected<std::vector<Token>, std::string> read_tokens() const;
  Response refuse(const Peer& peer);

  std::string file_;
  log::Logger& log_;
  Sessions& sessions_;
  std::function<std::int64_t()> unix_time_;
  std::function<WrongTries::Clock::time_point()> clock_;
  WrongTries wrong_;
  base::Mutex mutex_;
  Version version_ GUARDED_BY(mutex_);
  std::vector<Token> tokens_ GUARDED_BY(mutex_);
};

}  // namespace connectord::api
