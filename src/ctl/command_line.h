#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "connectord/ctl/connectorctl.h"

namespace connectord::ctl {

// What every command takes.
struct Common {
  std::string configuration = "/etc/connectord/connectord.toml";
  bool json = false;
};

// What a group of commands registers itself with. What it refers to lives until the command line was run, so a callback
// may keep a copy; the arguments of a command belong to its callback.
struct CommandLine {
  CLI::App& app;  // the commands go below this one; for `connectorctl token create`, it is `token`
  Common& common;
  const Terminal& terminal;
  Status& status;  // where a command puts how it ended

  // A new command with the options that all have.
  CLI::App* command(const std::string& name, const std::string& help) const {
    CLI::App* command = app.add_subcommand(name, help);
    command->add_option("--config", common.configuration, "The configuration file")->capture_default_str();
    command->add_flag("--json", common.json, "Print JSON");
    return command;
  }
};

}  // namespace connectord::ctl
