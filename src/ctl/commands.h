#pragma once

#include "command_line.h"

namespace connectord::ctl {

// The groups of commands, each in a file of its own.
void add_configuration_commands(const CommandLine& line);  // check, list, show
void add_reload_commands(const CommandLine& line);         // reload, changes
void add_explain_command(const CommandLine& line);
void add_maps_command(const CommandLine& line);
void add_validate_command(const CommandLine& line);
void add_dns_command(const CommandLine& line);
void add_delivery_commands(const CommandLine& line);  // delivery show
void add_doctor_command(const CommandLine& line);     // doctor, status
void add_queue_command(const CommandLine& line);
void add_insights_command(const CommandLine& line);
void add_held_commands(const CommandLine& line);  // held list, show, release, delete
void add_certificates_command(const CommandLine& line);
void add_reports_commands(const CommandLine& line);        // reports read, and those below
void add_sent_reports_commands(const CommandLine& below);  // reports list, show, send; `below` is the group
void add_dkim_commands(const CommandLine& line);           // dkim new
void add_trace_commands(const CommandLine& line);          // trace, trace show, trace report
void add_backtest_command(const CommandLine& line);
void add_attach_commands(const CommandLine& line);     // attach, detach
void add_connector_commands(const CommandLine& line);  // create, update, enable, disable, delete
void add_rule_commands(const CommandLine& line);       // rule
void add_rule_changes(const CommandLine& line);        // rule create, update, enable, disable, delete
void add_rule_test_command(const CommandLine& line);   // rule test
void add_token_commands(const CommandLine& line);      // token add, list, remove
void add_console_command(const CommandLine& line);
void add_fleet_commands(const CommandLine& line);   // fleet status, show, diff, apply and so on
void add_import_commands(const CommandLine& line);  // import exchange, import postfix

}  // namespace connectord::ctl
