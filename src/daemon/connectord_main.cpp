// The daemon's command line.
#include <CLI/CLI.hpp>

#include "connectord/daemon/daemon.h"
#include "connectord/version.h"

int main(int argc, char** argv) {
  CLI::App app{"connectord brings mail-flow connectors to Postfix and Sendmail.", "connectord"};
  std::string configuration = "/etc/connectord/connectord.toml";
  app.add_option("--config", configuration, "The configuration file")->capture_default_str();
  app.set_version_flag("--version", std::string("connectord ") + connectord::version);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    constexpr int wrong_usage = 2;
    return app.exit(error) == 0 ? 0 : wrong_usage;
  }
  return connectord::daemon::run(configuration);
}
