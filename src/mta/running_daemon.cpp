#include "connectord/mta/running_daemon.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
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

struct Reply {
  std::string text;
  bool is_late = false;  // the other side is there and says nothing more
};

Reply read_all(const base::FileDescriptor& connection, std::chrono::milliseconds limit, std::size_t max_length) {
  const auto end = std::chrono::steady_clock::now() + limit;
  Reply reply;
  std::array<char, 4096> piece{};
  for (;;) {
    const ssize_t count = ::recv(connection.get(), piece.data(), piece.size(), 0);
    reply.is_late = (count < 0 && errno == EAGAIN) || std::chrono::steady_clock::now() > end;
    if (count <= 0 || reply.is_late || reply.text.size() > max_length) return reply;
    reply.text.append(piece.data(), static_cast<std::size_t>(count));
  }
}

std::string number_of(const base::FileDescriptor& connection) {
  const auto pid = net::peer_pid(connection);
  return pid ? " (process " + std::to_string(*pid) + ")" : "";
}

tl::unexpected<Advice> hangs(const std::string& process, const std::string& configuration) {
  return tl::unexpected(Advice{"connectord" + process + " hangs: it runs with " + configuration +
                                   ", and does not say how it is within 5 seconds",
                               "systemctl restart connectord",
                               "the mail server defers mail for as long as it gets no answer"});
}

// Where no user is named, connectord itself may be what answers: started by a supervisor as a user of its own.
Advice not_believed(std::optional<uid_t> peer, const std::string& process, const std::string& user) {
  const auto account = peer ? base::find_account(*peer) : std::nullopt;
  const std::string uid = peer ? std::to_string(*peer) : "unknown";
  if (user.empty() && account) {
    return {"a process of the user " + account->name + process +
                " answers in connectord's name; it is not believed, since server.user names nobody, as far as that can "
                "be read",
            "see which program that is (ps -fu " + account->name + "); if it is connectord, write user = \"" +
                account->name + "\" in [server]"};
  }
  return {"a process of another user (uid " + uid + ") has taken connectord's name; it is not believed",
          "end that process" + process + ", and: systemctl restart connectord"};
}

Advice odd(const std::string& configuration, const std::string& why) {
  return {"connectord runs with " + configuration + ", and what it tells of itself is odd: " + why,
          "systemctl restart connectord"};
}

// The answer under that name in the abstract namespace.
tl::expected<std::string, Advice> ask(const std::string& name, const std::string& configuration,
                                      const std::string& user, std::size_t max_length) {
  constexpr std::chrono::seconds limit{5};
  const auto connection = net::connect_abstract(name, limit);
  if (!connection && connection.error() == EAGAIN) return hangs("", configuration);
  if (!connection) {
    return tl::unexpected(Advice{"connectord does not run with " + configuration,
                                 "systemctl start connectord, as root; if it ends again: journalctl -u connectord",
                                 "the mail server defers mail for as long as it gets no answer"});
  }
  const auto peer = net::peer_uid(*connection);
  if (!peer || !is_believed(*peer, user)) return tl::unexpected(not_believed(peer, number_of(*connection), user));
  Reply reply = read_all(*connection, limit, max_length);
  if (reply.is_late) return hangs(number_of(*connection), configuration);
  if (!reply.text.empty()) return std::move(reply.text);
  return tl::unexpected(
      Advice{"connectord runs with " + configuration + ", and tells only root and its own user how it is",
             "run this as root"});
}

}  // namespace

tl::expected<nlohmann::ordered_json, Advice> ask_running_daemon(const std::string& configuration,
                                                                const std::string& user) {
  return ask(runtime::health_socket_name(configuration), configuration, user, runtime::max_health_document_length)
      .and_then([&](const std::string& reply) {
        return runtime::read_health_document(reply).map_error(
            [&](const std::string& why) { return odd(configuration, why); });
      });
}

tl::expected<runtime::RunningConfiguration, Advice> ask_running_configuration(const std::string& configuration,
                                                                              const std::string& user) {
  constexpr std::size_t max_length = std::size_t{512} << 20;
  return ask(runtime::running_configuration_socket_name(configuration), configuration, user, max_length)
      .and_then([&](const std::string& reply) {
        return runtime::read_running_configuration(reply).map_error(
            [&](const std::string& why) { return odd(configuration, why); });
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
  // What another version reports may be of other types.
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
