#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "connectord/ctl/connectorctl.h"

int main(int argc, char** argv) {
  // https://no-color.org
  const char* no_colour = std::getenv("NO_COLOR");
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
  return static_cast<int>(connectord::ctl::run(argc, argv, {std::cout, std::cerr, std::cin, colour}));
}
