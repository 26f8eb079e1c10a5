#pragma once

#include "command_line.h"

namespace connectord::ctl {

// The groups of commands, each in a file of its own.
void add_configuration_commands(const CommandLine& line);  // check, list, show
void add_explain_command(const CommandLine& line);
void add_maps_command(const CommandLine& line);
void add_validate_command(const CommandLine& line);
void add_dns_command(const CommandLine& line);
void add_doctor_command(const CommandLine& line);
void add_dkim_commands(const CommandLine& line);   // dkim new
void add_trace_commands(const CommandLine& line);  // trace, trace show, trace report
void add_backtest_command(const CommandLine& line);
void add_attach_commands(const CommandLine& line);     // attach, detach, status
void add_connector_commands(const CommandLine& line);  // create, update, enable, disable, delete
void add_token_commands(const CommandLine& line);      // token add, list, remove
void add_import_commands(const CommandLine& line);     // import exchange

}  // namespace connectord::ctl
