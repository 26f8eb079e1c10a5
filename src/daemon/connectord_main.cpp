// The daemon's command line.
#include <getopt.h>

#include <array>
#include <iostream>
#include <string>

#include "connectord/base/build.h"
#include "daemon.h"

namespace {

constexpr int wrong_usage = 2;
constexpr const char* usage =
    "connectord brings mail-flow connectors to Postfix and Sendmail.\n"
    "Usage: connectord [--config FILE]\n"
    "  --config FILE  The configuration file [/etc/connectord/connectord.toml]\n"
    "  --version      Print the version\n"
    "  --help         Print this\n";

}  // namespace

int main(int argc, char** argv) {
  std::string configuration = "/etc/connectord/connectord.toml";
  const std::array<option, 4> options{{{"config", required_argument, nullptr, 'c'},
                                       {"version", no_argument, nullptr, 'v'},
                                       {"help", no_argument, nullptr, 'h'},
                                       {}}};
  // Before there are threads.
  for (int found = 0; (found = ::getopt_long(argc, argv, "h", options.data(), nullptr)) != -1;) {  // NOLINT
    switch (found) {
      case 'c':
        configuration = optarg;
        break;
      case 'v':
        std::cout << "connectord " << connectord::base::version_and_commit() << '\n';
        return 0;
      case 'h':
        std::cout << usage;
        return 0;
      default:
        std::cerr << usage;
        return wrong_usage;
    }
  }
  if (optind != argc) {
    std::cerr << "connectord: " << argv[optind] << " is no option\n" << usage;
    return wrong_usage;
  }
  return connectord::daemon::run(configuration);
}
