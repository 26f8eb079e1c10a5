#include "connectord/mta/running_daemon.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "connectord/base/accounts.h"
#include "connectord/net/abstract_socket.h"
#include "connectord/runtime/health.h"

namespace connectord::mta {
namespace {

bool is_believed(uid_t uid, const std::string& user) {
  if (uid == 0 || uid == ::geteuid()) return true;
  const auto account = user.empty() ? std::nullopt : base::find_account(user);
  return account && account->uid == uid;
}

std::string read_all(const base::FileDescriptor& connection, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  std::string text;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t count = ::recv(connection.get(), piece.data(), piece.size(), 0);
    const bool is_late = std::chrono::steady_clock::now() > end;
    if (count <= 0 || is_late || text.size() > runtime::max_health_document_length) return text;
    text.append(piece.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

tl::expected<nlohmann::ordered_json, std::string> ask_running_daemon(const std::string& configuration,
                                                                     const std::string& user) {
  constexpr std::chrono::seconds limit{5};
  const auto connection = net::connect_abstract(runtime::health_socket_name(configuration));
  if (!connection) return tl::unexpected("connectord does not run with " + configuration);
  const auto peer = net::peer_uid(*connection);
  if (!peer || !is_believed(*peer, user)) {
    return tl::unexpected(std::string("a process of another user (uid ") + (peer ? std::to_string(*peer) : "unknown") +
                          ") has taken connectord's name; it is not believed");
  }
  net::set_time_limit(*connection, limit);
  const std::string told = read_all(*connection, limit);
  if (told.empty()) {
    return tl::unexpected("connectord runs with " + configuration + ", and tells only root and its own user how it is");
  }
  return runtime::read_health_document(told).map_error([&](const std::string& why) {
    return "connectord runs with " + configuration + ", and what it tells of itself is odd: " + why;
  });
}

Asked asked_so_far(const nlohmann::ordered_json& health) {
  const auto counter = [&](const char* front_end, const char* what) {
    return health[front_end].value(what, std::uint64_t{0});
  };
  return {counter("milter", "sessions"), counter("policy", "requests"), counter("socketmap", "lookups")};
}

std::optional<TraceHealth> trace_health(const nlohmann::ordered_json& health) {
  using Json = nlohmann::ordered_json;
  // What another version tells may be of other types.
  const auto part = [](const Json& object, const char* key) {
    return object.is_object() && object.contains(key) ? object[key] : Json();
  };
  const auto text = [](const Json& value) { return value.is_string() ? value.get<std::string>() : std::string(); };
  const auto count = [](const Json& value) { return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0; };
  const Json trace = part(health, "trace");
  if (!trace.is_object()) return std::nullopt;
  const Json lost = part(trace, "files_lost");
  return TraceHealth{part(trace, "writable") != Json(false), text(part(trace, "since")), text(part(trace, "reason")),
                     count(part(trace, "waiting")),          count(part(lost, "times")), text(part(lost, "last"))};
}

}  // namespace connectord::mta
