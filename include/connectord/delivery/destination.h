#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "connectord/delivery/decide.h"
#include "connectord/engine/policy.h"

// What becomes of mail to a domain on its way out.
namespace connectord::delivery {

class Advisor;

// One next hop of a message to the domain.
struct Hop {
  std::string name;                                     // as Postfix asks for it
  const model::OutboundConnector* connector = nullptr;  // whose mail it is; nullptr: of none
  Wish wish;
  std::optional<Advice> advice{};  // empty where nothing that it publishes counts
};

// Those of mail to the domain that leaves by that connector; nullptr: by none. Without advice.
std::vector<Hop> hops_of(const engine::Policy& policy, const model::OutboundConnector* route,
                         const std::string& domain);

// Gives each the advice that mail would get now. Waits for what has to be asked first, for all of them together as long
// as the advisor has patience.
void advise(const std::vector<Hop*>& hops, Advisor& advisor);

// The TLS that mail gets there, as Postfix is told, and why.
std::string answer_of(const Hop& hop);
std::string why_of(const Hop& hop);
// With keys that stay.
nlohmann::ordered_json to_json(const Hop& hop);

}  // namespace connectord::delivery
