#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "connectord/reports/report_file.h"

// What reports of others mean for the domain's owner, in words. Pure and thread-safe.
namespace connectord::reports {

// What is wrong with some of the messages or sessions, and what to change.
struct Complaint {
  std::uint64_t count = 0;
  std::string what;
  std::string hint;

  bool operator==(const Complaint&) const = default;
};

// A host that sent mail in the domain's name which neither SPF nor DKIM vouches for.
struct FailingSource {
  std::string address;
  std::uint64_t messages = 0;  // all of this host
  std::uint64_t failed = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t rejected = 0;
  std::vector<Complaint> complaints;  // the most frequent first
};

struct AggregateJudgement {
  std::uint64_t messages = 0;
  std::uint64_t aligned = 0;           // pass DMARC
  std::vector<FailingSource> failing;  // the one with the most failures first
};
AggregateJudgement judge(const AggregateReport& report);

struct TlsJudgement {
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  std::vector<Complaint> complaints;  // the most frequent first
};
TlsJudgement judge(const TlsReport& report);

// The report's head with its judgement.
nlohmann::ordered_json to_json(const Report& report);

}  // namespace connectord::reports
