#include "connectorctl.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "commands.h"
#include "completion.h"
#include "configuration_file.h"
#include "connectord/base/build.h"
#include "usage_problem.h"
#include "wrapped_output.h"

namespace connectord::ctl {

namespace {

// What a program reads is not laid out for a person.
bool is_for_a_program(int argc, const char* const* argv) {
  return std::any_of(argv, argv + argc, [](const char* word) {
    return std::string_view(word) == "--json" || std::string_view(word) == "--csv";
  });
}

// Of a file that cannot be read or loaded, none.
std::vector<std::string> names_of_connectors(const std::string& configuration) {
  const runtime::LoadedPolicy loaded = load({.configuration = configuration}, runtime::SecretFiles::leave);
  std::vector<std::string> names;
  if (!loaded.policy) return names;
  for (const auto& connector : loaded.policy->configuration().inbound) names.push_back(connector.name);
  for (const auto& connector : loaded.policy->configuration().outbound) names.push_back(connector.name);
  return names;
}

void print_candidates(const std::vector<Candidate>& candidates, const Terminal& terminal) {
  for (const Candidate& candidate : candidates) terminal.out << candidate.word << '\t' << candidate.help << '\n';
}

Status run_on(int argc, const char* const* argv, const Terminal& terminal, WrappedOutput* wrapped_output) {
  CLI::App app("connectorctl tells what connectord does and why.", "connectorctl");
  const auto& formatter = app.get_formatter();
  formatter->label("SUBCOMMAND", "COMMAND");
  formatter->label("REQUIRED", "(needed)");
  app.require_subcommand(1);
  app.allow_extras(false);
  app.set_version_flag("--version", std::string("connectorctl ") + base::version_and_commit());
  Common common;
  // Before the command's name, too: what all commands take is often written first.
  app.add_option("--config", common.configuration, "The configuration file")->capture_default_str();
  app.add_flag("--json", common.json, "Print JSON");
  Status status = Status::wrong_usage;
  const CommandLine line{Subcommand(app), common, terminal, status, wrapped_output};
  line.app.show_examples();
  add_configuration_commands(line);
  add_reload_commands(line);
  add_explain_command(line);
  add_connector_commands(line);
  add_rule_commands(line);
  add_token_commands(line);
  add_console_command(line);
  add_import_commands(line);
  add_maps_command(line);
  add_dkim_commands(line);
  add_validate_command(line);
  add_dns_command(line);
  add_trace_commands(line);
  add_backtest_command(line);
  add_attach_commands(line);
  add_doctor_command(line);
  add_queue_command(line);
  add_held_commands(line);
  add_certificates_command(line);
  add_insights_command(line);
  add_delivery_commands(line);
  add_reports_commands(line);
  add_fleet_commands(line);
  if (argc > 1 && argv[1] == completion_command) {
    print_candidates(candidates_for(app, {argv + 2, argv + argc}, common.configuration, names_of_connectors), terminal);
    return Status::answered;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    app.exit(help, terminal.out, terminal.error);
    return Status::answered;
  } catch (const CLI::ParseError& error) {
    terminal.error << usage_problem(app, error);
    return Status::wrong_usage;
  }
  return status;
}

}  // namespace

Status run(int argc, const char* const* argv, const Terminal& terminal) {
  if (terminal.width == 0 || is_for_a_program(argc, argv)) return run_on(argc, argv, terminal, nullptr);
  WrappedOutput narrow_out(terminal.out, terminal.width);
  WrappedOutput narrow_error(terminal.error, terminal.width);
  std::ostream out(&narrow_out);
  std::ostream error(&narrow_error);
  return run_on(argc, argv, {out, error, terminal.in, terminal.colour, terminal.width}, &narrow_out);
}

}  // namespace connectord::ctl
