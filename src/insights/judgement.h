#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "connectord/base/time.h"
#include "connectord/insights/judge.h"

// The parts of judge(), by what they look at.
namespace connectord::insights {

using Search = std::vector<std::pair<std::string, std::string>>;

struct Judgement {
  const Observations& seen;
  const Thresholds& limits;
  std::vector<Insight>& found;
};

void judge_flows(const Judgement& judgement);     // volumes: silence, refusals, TLS, connectors without mail, overlaps
void judge_messages(const Judgement& judgement);  // the newest: our domains from outside, DMARC, loops, codes, rules
void judge_domains(const Judgement& judgement);   // our own names: MX records, signatures
void judge_state(const Judgement& judgement);     // certificates, validations, queue, keys, the trace itself

// "1 message", "2 messages".
inline std::string counted(std::uint64_t number, const char* what = "message") {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

}  // namespace connectord::insights
