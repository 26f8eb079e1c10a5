#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

#include "connectord/mta/postfix_plan.h"
#include "conversation.h"

namespace connectord::mta {

// What shows that connectord is asked, and where.
struct VerificationRequest {
  net::Endpoint server;
  std::string recipient;
  bool milter = true;                // connectord must see a milter session
  bool policy = true;                // and a policy request
  std::chrono::seconds timeout{12};  // for a server that does not answer
  std::chrono::seconds settled{12};  // for one that has answered all this while, and has not asked connectord
};

// Converses with a mail server until connectord says that it was asked by it. A server that was just reloaded may let
// an old process take the first connections, so it is tried for a while. What was seen, in words; on failure what was
// not, and what the server answered.
tl::expected<std::string, std::string> verify_attached(
    const VerificationRequest& request,
    const std::function<tl::expected<nlohmann::ordered_json, Advice>()>& ask_health);

}  // namespace connectord::mta
