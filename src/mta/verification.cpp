#include "verification.h"

#include <chrono>
#include <optional>
#include <thread>

#include "connectord/mta/running_daemon.h"

namespace connectord::mta {
namespace {

using Json = nlohmann::ordered_json;
using HealthSource = std::function<tl::expected<Json, Advice>()>;

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

using Seen = tl::expected<std::string, std::string>;

Seen judge(const VerificationRequest& request, const Conversation& conversation, const Asked& was, const Json& after) {
  const Asked is = asked_so_far(after);
  const Missing missing{request.milter && is.milter_sessions <= was.milter_sessions,
                        request.policy && is.policy_requests <= was.policy_requests};
  const std::string place = request.server.to_string() + ": " + conversation.to_string();
  if (missing.milter || missing.policy) return tl::unexpected(missing.why(place));
  if (conversation.code_of("RCPT") == 0) {
    return tl::unexpected("the probe did not come as far as RCPT (" + place + ")");
  }
  std::string seen = "probe of " + place + "; connectord saw ";
  if (request.milter) seen += counted(is.milter_sessions - was.milter_sessions, "milter session");
  if (request.milter && request.policy) seen += " and ";
  if (request.policy) seen += counted(is.policy_requests - was.policy_requests, "policy request");
  return seen + (request.milter ? " of " + mta_of(after) : "");
}

struct VerificationAttempt {
  Seen seen;
  bool answered = false;  // by the mail server
};

VerificationAttempt try_once(const VerificationRequest& request, const HealthSource& ask_health) {
  const auto before = ask_health();
  if (!before) return {.seen = tl::unexpected(before.error().what)};
  const auto conversation = converse(request.server, request.recipient);
  if (!conversation) return {.seen = tl::unexpected(conversation.error())};
  const auto after = ask_health();
  if (!after) return {.seen = tl::unexpected(after.error().what), .answered = true};
  return {.seen = judge(request, *conversation, asked_so_far(*before), *after), .answered = true};
}

}  // namespace

tl::expected<std::string, std::string> verify_attached(const VerificationRequest& request,
                                                       const HealthSource& ask_health) {
  constexpr std::chrono::milliseconds pause{500};
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + request.timeout;
  std::optional<Clock::time_point> answers_since;
  for (;;) {
    VerificationAttempt attempt = try_once(request, ask_health);
    const auto now = Clock::now();
    if (!attempt.answered) answers_since.reset();
    if (attempt.answered && !answers_since) answers_since = now;
    const bool settled = answers_since && now - *answers_since >= request.settled;
    if (attempt.seen || settled || now >= end) return std::move(attempt.seen);
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace connectord::mta
