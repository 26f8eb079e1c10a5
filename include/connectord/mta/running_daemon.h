#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/mta/postfix_plan.h"
#include "connectord/runtime/configuration_history.h"

namespace connectord::mta {

// The health document of the process that runs with that configuration file, as runtime::read_health_document() gives
// it. `user` is server.user: only root, that user and our own are believed, since anybody may take a name in the
// abstract namespace. Waits for ten seconds at most. On failure says why there is none (it does not run, hangs, or does
// not answer us), and what to do.
tl::expected<nlohmann::ordered_json, Advice> ask_running_daemon(const std::string& configuration,
                                                                const std::string& user);

// What the process with that configuration file runs with, as for ask_running_daemon().
tl::expected<runtime::RunningConfiguration, Advice> ask_running_configuration(const std::string& configuration,
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
// std::nullopt where it keeps none, or reports none.
std::optional<TraceHealth> trace_health(const nlohmann::ordered_json& health);

}  // namespace connectord::mta
