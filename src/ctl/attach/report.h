#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../command_line.h"
#include "postfix_plan.h"

// What attach, detach and status tell of a mail server, as text for a person and as JSON with keys that stay.
namespace connectord::ctl {

using Json = nlohmann::ordered_json;

Json to_json(const std::vector<Advice>& advice);
void print_advice(std::ostream& out, const std::string& severity, const std::vector<Advice>& advice);

// A moment as logs and file names have it, in UTC: "2026-11-21T12:00:00Z".
std::string utc_now();

}  // namespace connectord::ctl
