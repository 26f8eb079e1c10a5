#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "connectorctl.h"

namespace {

// In columns; 0 where nobody reads it there.
std::size_t width_of_terminal() {
  constexpr std::size_t narrowest = 40;
  struct winsize size {};
  if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 0;
  return std::max<std::size_t>(size.ws_col, narrowest);
}

}  // namespace

int main(int argc, char** argv) {
  // https://no-color.org
  const char* no_colour = std::getenv("NO_COLOR");
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
  return static_cast<int>(
      connectord::ctl::run(argc, argv, {std::cout, std::cerr, std::cin, colour, width_of_terminal()}));
}
