#pragma once

#include "connectord/engine/clock.h"
#include "connectord/engine/policy.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::engine {

// What a message may cost the MTA in deletions, each of which reads the header anew from its beginning: Postfix's
// cleanup(8) takes seconds for some thousand of them, and panics at 10,000. Honest mail that has passed here before
// has a few such fields.
constexpr std::uint64_t max_forged_fields = 50;
constexpr std::uint64_t max_header_bytes_to_read = std::uint64_t{4} << 20;

// What to do with a message of which `facts` are known: which inbound connector it belongs to, whether it fulfils what
// that connector, and every partner's connector that names its sender domain, require, and how the client is answered
// if not. Pure: no I/O; the same arguments give the same decision. `clock` only measures the rules that matched;
// nullptr: nothing is measured. Thread-safe.
model::Decision decide(const Policy& policy, const model::Facts& facts, NanosecondClock clock = nullptr);

}  // namespace connectord::engine
