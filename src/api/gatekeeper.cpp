#include "gatekeeper.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "browser_guard.h"
#include "connectord/base/ascii_case.h"
#include "connectord/config/secret_file.h"
#include "connectord/net/ip_address.h"
#include "connectord/net/socket_peer.h"
#include "problem.h"
#include "sessions.h"

namespace connectord::api {
namespace {

constexpr std::string_view subject = "api";
constexpr std::string_view scheme = "bearer ";

// Root can change everything without us, and so can who runs this process; everybody else shows a token, since the
// mail server's group may reach the socket too. A browser that comes over a proxy or a tunnel speaks for whoever sits
// before it.
bool needs_no_token(const Request& request) {
  const auto& uid = request.peer.uid;
  return uid && (*uid == 0 || *uid == ::geteuid()) && !is_of_browser(request);
}

std::string key_of(const Peer& peer) {
  const auto address = net::IpAddress::parse(peer.address);
  return address ? net::counted_as({address, {}}) : peer.address;
}

}  // namespace

bool WrongTries::count(const std::string& peer, Clock::time_point now) {
  const base::MutexLock lock(mutex_);
  std::erase_if(peers_, [now](const auto& entry) { return now - entry.second.begin >= window; });
  const bool has_room = peers_.size() < max_peers || peers_.contains(peer);
  Tries& tries = peers_[has_room ? peer : std::string()];
  if (tries.number == 0) tries.begin = now;
  return ++tries.number > most;
}

Gatekeeper::Version Gatekeeper::current_version() const {
  struct stat status {};
  if (::stat(file_.c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_ctim.tv_sec, status.st_ctim.tv_nsec, status.st_size};
}

tl::expected<std::vector<Token>, std::string> Gatekeeper::read_tokens() const {
  const config::SecretReader self{std::to_string(::geteuid()), ::geteuid(), ::getegid()};
  return config::read_secret_file(file_, self).and_then([](const std::string& text) { return parse_tokens(text); });
}

std::vector<Token> Gatekeeper::tokens() {
  std::string problem;
  {
    const base::MutexLock lock(mutex_);
    const Version version = current_version();
    if (version == version_) return tokens_;
    version_ = version;
    tokens_.clear();
    if (version == Version()) return {};
    auto tokens = read_tokens();
    if (tokens) return tokens_ = std::move(*tokens);
    problem = std::move(tokens.error());
  }
  log_.error(subject, "the token file cannot be used, so no token is valid", {{"file", file_}, {"error", problem}});
  return {};
}

Response Gatekeeper::refuse(const Peer& peer) {
  if (wrong_.count(key_of(peer), clock_())) {
    return try_again_in(WrongTries::window.count(), "too many wrong tokens; wait a minute");
  }
  log_.warning(subject, "a wrong token", {{"peer", peer.address}});
  Response response = problem(401, "the token is not valid; connectorctl token add makes a new one");
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"connectord\", error=\"invalid_token\"");
  return response;
}

tl::expected<Caller, Response> Gatekeeper::identify(const Request& request) {
  if (request.authorization.empty()) {
    if (needs_no_token(request)) return Caller{"uid " + std::to_string(*request.peer.uid), Role::admin};
    return Caller{};
  }
  const std::string_view value = request.authorization;
  if (!base::equals_ignoring_case(value.substr(0, scheme.size()), scheme)) {
    return tl::unexpected(problem(401, "only tokens are taken; write Authorization: Bearer TOKEN"));
  }
  const std::string_view secret = value.substr(scheme.size());
  const std::vector<Token> all = tokens();
  if (const Token* token = find_token(all, secret)) return Caller{token->name, token->role, token->sha256};
  if (auto caller = logged_in(request, secret, all)) return *caller;
  return tl::unexpected(refuse(request.peer));
}

std::optional<Caller> Gatekeeper::logged_in(const Request& request, std::string_view secret,
                                            const std::vector<Token>& tokens) {
  const bool begins = request.method == "POST" && request.target == "/api/session";
  auto caller = sessions_.find(secret, unix_time_());
  if (!caller && begins) caller = sessions_.redeem(secret, unix_time_());
  if (!caller || caller->token_sha256.empty()) return caller;
  // A session ends with its token, and can do no more than that.
  const auto token = std::find_if(tokens.begin(), tokens.end(),
                                  [&caller](const Token& one) { return one.sha256 == caller->token_sha256; });
  if (token == tokens.end()) return std::nullopt;
  caller->role = token->role;
  return caller;
}

}  // namespace connectord::api
