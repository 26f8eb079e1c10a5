#include "reload_daemon.h"

#include <signal.h>  // NOLINT: kill() is POSIX's

#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "connectord/mta/running_daemon.h"
#include "connectord/net/abstract_socket.h"
#include "connectord/runtime/health.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;

struct State {
  std::uint64_t generation = 0;
  std::string failed_at;  // empty: the last reload did not fail
  std::string problem;    // the first one
};

State state_in(const Json& health) {
  State state;
  state.generation = health.at("configuration").value("generation", std::uint64_t{0});
  const Json& reload = health.at("reload");
  if (!reload.value("failed", false)) return state;
  if (const Json& at = reload.value("at", Json()); at.is_string()) state.failed_at = at.get<std::string>();
  const Json problems = reload.value("problems", Json::array());
  if (!problems.empty() && problems.front().is_string()) state.problem = problems.front().get<std::string>();
  return state;
}

// What the document says of its process would be that process's own word. The kernel's is another's.
tl::expected<void, std::string> request_reload(const std::string& configuration) {
  const auto connection = net::connect_abstract(runtime::health_socket_name(configuration), std::chrono::seconds(5));
  const auto pid = connection ? net::peer_pid(*connection) : std::nullopt;
  if (!pid) return tl::unexpected("connectord does not run with " + configuration);
  if (::kill(*pid, SIGHUP) == 0) return {};
  return tl::unexpected(std::string("connectord cannot be told to reload: ") + std::strerror(errno));
}

// A generation runs before what it changed is recorded, which callers ask for next. Who cannot know does not wait.
bool is_recorded(std::uint64_t generation, const std::string& configuration, const std::string& user) {
  const auto running = mta::ask_running_configuration(configuration, user);
  return !running || running->generation >= generation;
}

}  // namespace

tl::expected<std::uint64_t, std::string> reload_daemon(const std::string& configuration, const std::string& user) {
  constexpr std::chrono::seconds limit{60};  // as long as 100,000 connectors take, several times
  constexpr std::chrono::milliseconds pause{20};
  const auto ask = [&] { return mta::ask_running_daemon(configuration, user).map(state_in); };
  const auto before = ask();
  if (!before) return tl::unexpected(before.error().what);
  if (auto requested = request_reload(configuration); !requested) return tl::unexpected(requested.error());
  const auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    const auto now = ask();
    if (!now) return tl::unexpected(now.error().what);
    if (now->generation > before->generation && is_recorded(now->generation, configuration, user)) {
      return now->generation;
    }
    if (!now->failed_at.empty() && now->failed_at != before->failed_at) {
      return tl::unexpected("the running connectord keeps what it had: " + now->problem);
    }
    std::this_thread::sleep_for(pause);
  }
  return tl::unexpected(
      std::string("connectord has not said for a minute that it has read the change; see: connectorctl "
                  "status"));
}

}  // namespace connectord::ctl
