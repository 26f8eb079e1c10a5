#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>

namespace connectord::mta {

// The health document of the process that runs with that configuration file, as session::read_health_document() gives
// it. `user` is server.user:
// only root, that user and our own are believed, since anybody may take a name in the abstract namespace. On failure
// says why there is none: it does not run, or does not tell us.
tl::expected<nlohmann::ordered_json, std::string> ask_running_daemon(const std::string& configuration,
                                                                     const std::string& user);

// What a mail server has asked it so far.
struct Asked {
  std::uint64_t milter_sessions = 0;
  std::uint64_t policy_requests = 0;
  std::uint64_t socketmap_lookups = 0;
};
Asked asked_so_far(const nlohmann::ordered_json& health);

// How it is with its message trace.
struct TraceHealth {
  bool is_written = true;
  std::string since;   // when that ended
  std::string reason;  // why
  std::uint64_t waiting = 0;
  std::uint64_t losses = 0;  // how often a file of the trace was removed or replaced under it
  std::string last_loss;
};
// std::nullopt where it keeps none, or tells of none.
std::optional<TraceHealth> trace_health(const nlohmann::ordered_json& health);

}  // namespace connectord::mta
