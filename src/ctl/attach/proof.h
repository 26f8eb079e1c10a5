#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "probe.h"

namespace connectord::ctl {

// Converses with a mail server until connectord says that it was asked by it: a milter session, and with `policy` a
// policy request. A server that was just reloaded may let an old process take the first connections, so it is tried for
// a while. What was seen, in words; on failure what was not, and what the server answered.
tl::expected<std::string, std::string> prove_attached(
    const net::Endpoint& server, const std::string& recipient, bool milter, bool policy,
    const std::function<tl::expected<nlohmann::ordered_json, std::string>()>& ask_health);

}  // namespace connectord::ctl
