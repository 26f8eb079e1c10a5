#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "connectord/doctor/certificate_list.h"
#include "connectord/doctor/findings.h"

// What was found, for programs: with keys that stay.
namespace connectord::doctor {

nlohmann::ordered_json to_json(const Issue& issue);
// "result" is ok, warning or critical; "troubles" are the issues, "notes" what was looked at besides.
nlohmann::ordered_json to_json(const Findings& findings);
nlohmann::ordered_json to_json(const std::vector<ListedCertificate>& certificates);

}  // namespace connectord::doctor
