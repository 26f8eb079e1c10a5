#pragma once

#include <string>
#include <vector>

#include "connectord/doctor/findings.h"
#include "connectord/model/configuration.h"
#include "connectord/mta/mta_requirements.h"
#include "connectord/mta/sendmail_cf.h"

// What is wrong with a sendmail.cf for connectord. Pure.
namespace connectord::doctor {

// `mc` is the file that sendmail.cf is made of; what mends something are lines of that file, with the commands that
// bring them into force.
std::vector<Issue> judge_sendmail_cf(const mta::SendmailCf& cf, const mta::MtaRequirements& required,
                                     const model::Configuration& configuration, const std::string& mc);

// What an access table (Sendmail's cf/README, "Srv_Features") has a server not do for some clients, or for all, though
// connectors need it. `file` is its text's. Pure.
std::vector<Issue> judge_access(const std::string& text, const mta::MtaRequirements& required, const std::string& file);

// The commands that make sendmail.cf of sendmail.mc and bring it into force.
std::string remake_line(const std::string& mc);
inline constexpr const char* restart_line = "systemctl restart sendmail";

}  // namespace connectord::doctor
