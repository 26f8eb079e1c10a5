#pragma once

#include <cstdint>
#include <string>

#include "connectord/model/facts.h"
#include "connectord/session/session.h"

namespace connectord::session {

// What one policy request has: a connection, and the envelope so far.
struct PolicyRequest {
  model::Facts facts;
  std::uint16_t server_port = 0;
  std::string instance;  // the same for all requests of one message; empty where the MTA does not say
  std::string queue_id;
};

// The policy requests of one of the MTA's processes. Where a milter session of the same connection lives, it gets the
// facts and the answer is the milter's to give; where none does, the envelope is decided here, by what a policy request
// has. The calls must not overlap.
class PolicyRequestHandler {
 public:
  explicit PolicyRequestHandler(const runtime::Services& services) : services_(services) {}
  Answer ask(const PolicyRequest& request);

 private:
  runtime::Services services_;
  std::string logged_instance_;  // so that a message with many recipients gets one line
};

}  // namespace connectord::session
