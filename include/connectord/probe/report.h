#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/finding.h"
#include "connectord/model/words.h"

// What a validation found. Plain values.
namespace connectord::probe {

// What stood in the way of mail, in rising order of how far the validation came. The words are stored: do
// not change.
enum class Obstacle : std::uint8_t {
  none,
  incomplete,         // something that is needed was not given, or is not known
  other_route,        // the recipient's mail takes another way
  not_resolved,       // no address
  not_allowed,        // an address that validation must not reach
  unreachable,        // no connection
  not_ready,          // no SMTP service for us: no greeting, or EHLO is refused
  no_starttls,        // TLS is needed and not offered
  tls_failed,         // the handshake fails, or the version is too low
  certificate,        // not trusted, out of date, revoked, or for another name
  sts_policy,         // the recipient domain's MTA-STS policy does not allow this way
  not_authenticated,  // the credentials
  rejected,           // a 5xx reply to MAIL or RCPT
  deferred            // a 4xx reply, and all else that may go away by itself
};
consteval auto words_of(Obstacle) {
  return std::to_array<model::Named<Obstacle>>({{Obstacle::none, "none"},
                                                {Obstacle::incomplete, "incomplete"},
                                                {Obstacle::other_route, "other_route"},
                                                {Obstacle::not_resolved, "not_resolved"},
                                                {Obstacle::not_allowed, "not_allowed"},
                                                {Obstacle::unreachable, "unreachable"},
                                                {Obstacle::not_ready, "not_ready"},
                                                {Obstacle::no_starttls, "no_starttls"},
                                                {Obstacle::tls_failed, "tls_failed"},
                                                {Obstacle::certificate, "certificate"},
                                                {Obstacle::sts_policy, "sts_policy"},
                                                {Obstacle::not_authenticated, "not_authenticated"},
                                                {Obstacle::rejected, "rejected"},
                                                {Obstacle::deferred, "deferred"}});
}

// One thing that was tried.
struct Step {
  model::Finding finding;
  // At which host: "mx1.contoso.com [192.0.2.1]:25"; empty where no host is meant.
  std::string host{};
  std::chrono::milliseconds took{0};
  // What was found does not stand in the way of mail, but somebody should look at it.
  bool warning = false;
  Obstacle obstacle = Obstacle::none;  // what it means where the finding fails, or is not known now
};

// A certificate that was seen, by which a new one is noticed.
struct SeenCertificate {
  std::string host;
  std::string sha256;
  std::string subject;
  std::int64_t not_after = 0;       // seconds since 1970
  std::string public_key_sha256{};  // of the SubjectPublicKeyInfo; not kept
};

// The words are stored: do not change.
enum class Direction : std::uint8_t { inbound, outbound };
consteval auto words_of(Direction) {
  return std::to_array<model::Named<Direction>>({{Direction::inbound, "inbound"}, {Direction::outbound, "outbound"}});
}

struct Report {
  std::string connector;
  Direction direction = Direction::outbound;
  std::int64_t time = 0;  // when it began, in seconds since 1970
  std::chrono::milliseconds took{0};
  bool passed = false;
  bool tried = true;                   // false: nothing was, so that `passed` says nothing
  Obstacle obstacle = Obstacle::none;  // the first that failed
  std::string summary;                 // for a person, one line
  std::vector<Step> steps;
  std::vector<SeenCertificate> certificates;
};

// Of lines in the log about validations.
inline constexpr std::string_view log_subject = "validation";

// Called as each step ends, in their order, on the thread that validates.
using Progress = std::function<void(const Step&)>;

// A stable word ("tls_failed"), and the words for a person ("TLS negotiation failed").
std::string_view to_string(Obstacle obstacle);
std::string_view describe(Obstacle obstacle);
std::string_view to_string(Direction direction);

// One JSON object with keys that stay.
nlohmann::ordered_json to_json(const Step& step);
nlohmann::ordered_json to_json(const Report& report);

}  // namespace connectord::probe
