#pragma once

#include "connectord/engine/policy.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::engine {

// What to do with a message of which `facts` are known: which inbound connector it belongs to, whether it fulfils what
// that connector, and every partner's connector that names its sender domain, require, and what the client is told if
// not. Pure: no I/O and no clock; the same arguments give the same decision. Thread-safe.
model::Decision decide(const Policy& policy, const model::Facts& facts);

}  // namespace connectord::engine
