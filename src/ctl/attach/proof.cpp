#include "proof.h"

#include <chrono>
#include <thread>

#include "running_daemon.h"

namespace connectord::ctl {
namespace {

using Json = nlohmann::ordered_json;
using HealthSource = std::function<tl::expected<Json, std::string>()>;

std::string counted(std::uint64_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

std::string mta_of(const Json& health) {
  const Json& version = health["mta"]["version"];
  return version.is_string() ? version.get<std::string>() : "the mail server";
}

struct Missing {
  bool milter = false;
  bool policy = false;
  std::string why(const std::string& place) const {
    std::string what = milter ? "no milter session" : "";
    if (policy) what += std::string(what.empty() ? "" : " and ") + "no policy request";
    return "connectord saw " + what + " of it (" + place + ")";
  }
};

}  // namespace

tl::expected<std::string, std::string> prove_attached(const net::Endpoint& server, const std::string& recipient,
                                                      bool milter, bool policy, const HealthSource& ask_health) {
  constexpr std::chrono::seconds patience{12};
  constexpr std::chrono::milliseconds pause{500};
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto before = ask_health();
    if (!before) return tl::unexpected(before.error());
    const auto conversation = converse(server, recipient);
    const auto after = ask_health();
    if (!after) return tl::unexpected(after.error());
    std::string why = conversation ? "" : conversation.error();
    if (conversation) {
      const Asked was = asked_so_far(*before);
      const Asked is = asked_so_far(*after);
      const Missing missing{milter && is.milter_sessions <= was.milter_sessions,
                            policy && is.policy_requests <= was.policy_requests};
      const std::string place = server.to_string() + ": " + conversation->to_string();
      if (!missing.milter && !missing.policy && conversation->code_of("RCPT") != 0) {
        return "probe of " + place + "; connectord saw " +
               counted(is.milter_sessions - was.milter_sessions, "milter session") +
               (policy ? " and " + counted(is.policy_requests - was.policy_requests, "policy request") : "") + " of " +
               mta_of(*after);
      }
      why = missing.milter || missing.policy ? missing.why(place)
                                             : "the probe did not come as far as RCPT (" + place + ")";
    }
    if (std::chrono::steady_clock::now() >= end) return tl::unexpected(why);
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace connectord::ctl
