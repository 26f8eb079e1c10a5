#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command_line.h"
#include "connectord/mta/attachment.h"

// What attach, detach and status report of a mail server, as text for a person and as JSON with keys that stay.
namespace connectord::ctl {

using Json = nlohmann::ordered_json;

Json to_json(const std::vector<mta::Advice>& advice);
void print_advice(std::ostream& out, const std::string& severity, const std::vector<mta::Advice>& advice);

// Adds how the run has ended, and why not otherwise.
void add_result(const mta::Report& report, Json& object);
// Adds what is to be done by a person, and what was proved.
void add_advice(const mta::Report& report, Json& object);
void print_advice(const mta::Report& report, const Terminal& terminal);

// The difference that the run makes to the file, as diff -u shows it.
std::string diff_of(const mta::Report& report);

// Of a run without the word that it failed or was refused by something else than the plan.
Status status_of(const mta::Report& report);

}  // namespace connectord::ctl
