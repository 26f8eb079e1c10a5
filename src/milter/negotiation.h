#pragma once

#include <chrono>

#include "connectord/net/endpoint.h"

namespace connectord::milter {

// Connects to the milter there as a mail server does, negotiates (SMFIC_OPTNEG) and hangs up (SMFIC_QUIT), which begins
// no session. False if nobody listens, or if connecting or the answer takes longer than `limit`. True also where this
// process may not connect, or has no file left to do so: that says nothing about the milter.
bool negotiates(const net::Endpoint& endpoint, std::chrono::milliseconds limit);

}  // namespace connectord::milter
