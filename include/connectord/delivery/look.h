#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectord/delivery/decide.h"
#include "connectord/dns/resolver.h"
#include "connectord/sts/https.h"
#include "connectord/sts/policy_book.h"

namespace connectord::delivery {

// What is asked by, for a person who wants to know now. The referred to must outlive it.
struct LookTools {
  dns::Resolver& resolver;
  const sts::HttpsClient& client;
  const std::vector<net::AddressRange>& private_networks;
  sts::PolicyBook& kept;  // the policies that connectord has
  std::int64_t now = 0;   // seconds since 1970
};

// What a destination publishes, and what counts of it.
struct Look {
  Question question;
  sts::DaneFinding dane;                  // where that is asked for, as what follows
  std::string record_id;                  // empty: there is no record of MTA-STS that counts
  std::string problem;                    // why there is none, or why its policy cannot be had; empty where all is well
  std::optional<sts::KeptPolicy> policy;  // that counts: as connectord keeps it, or as it was fetched now
  bool is_kept = false;                   // connectord has it, and did not need to fetch it
  Advice advice;
};

// Asks DNS, and a web server where connectord has no policy by this record. Blocks until they have answered.
Look look(const Question& question, const LookTools& tools);

}  // namespace connectord::delivery
