#include "gatekeeper.h"

#include <sys/stat.h>
#include <unistd.h>

#include "connectord/base/ascii_case.h"
#include "connectord/config/secret_file.h"
#include "connectord/net/ip_address.h"
#include "connectord/net/socket_peer.h"
#include "problem.h"

namespace connectord::api {
namespace {

constexpr std::string_view subject = "api";
constexpr std::string_view scheme = "bearer ";

// Root can change everything without us, and so can who runs this process; everybody else shows a token, since the
// mail server's group may reach the socket too.
bool needs_no_token(const Peer& peer) {
  return peer.uid && (*peer.uid == 0 || *peer.uid == ::geteuid());
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
    Response response = problem(429, "too many wrong tokens; wait a minute");
    response.headers.emplace_back("Retry-After", std::to_string(WrongTries::window.count()));
    return response;
  }
  log_.warning(subject, "a wrong token", {{"peer", peer.address}});
  Response response = problem(401, "the token is not valid; connectorctl token add makes a new one");
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"connectord\", error=\"invalid_token\"");
  return response;
}

tl::expected<Caller, Response> Gatekeeper::identify(const Request& request) {
  if (request.authorization.empty()) {
    if (needs_no_token(request.peer)) return Caller{"uid " + std::to_string(*request.peer.uid), Role::admin};
    return Caller{};
  }
  const std::string_view value = request.authorization;
  if (!base::equals_ignoring_case(value.substr(0, scheme.size()), scheme)) {
    return tl::unexpected(problem(401, "only tokens are taken; write Authorization: Bearer TOKEN"));
  }
  const std::vector<Token> all = tokens();
  const Token* token = find_token(all, value.substr(scheme.size()));
  if (token == nullptr) return tl::unexpected(refuse(request.peer));
  return Caller{token->name, token->role};
}

}  // namespace connectord::api
