#include "connectord/ctl/connectorctl.h"

#include <CLI/CLI.hpp>

#include "commands.h"
#include "connectord/version.h"

namespace connectord::ctl {

Status run(int argc, const char* const* argv, const Terminal& terminal) {
  CLI::App app("connectorctl tells what connectord does and why.", "connectorctl");
  app.require_subcommand(1);
  app.allow_extras(false);
  app.set_version_flag("--version", std::string("connectorctl ") + version);
  Common common;
  // Before the command's name, too: what all commands take is often written first.
  app.add_option("--config", common.configuration, "The configuration file")->capture_default_str();
  app.add_flag("--json", common.json, "Print JSON");
  Status status = Status::wrong_usage;
  const CommandLine line{Subcommand(app), common, terminal, status};
  add_configuration_commands(line);
  add_explain_command(line);
  add_connector_commands(line);
  add_token_commands(line);
  add_import_commands(line);
  add_maps_command(line);
  add_dkim_commands(line);
  add_validate_command(line);
  add_dns_command(line);
  add_trace_commands(line);
  add_backtest_command(line);
  add_attach_commands(line);
  add_doctor_command(line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, terminal.out, terminal.error) == 0 ? Status::answered : Status::wrong_usage;
  }
  return status;
}

}  // namespace connectord::ctl
