#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "ctl/connectorctl.h"

namespace connectord::ctl {

struct Ran {
  int status = 0;
  std::string out;
  std::string error;
};

// connectorctl with these arguments, at a terminal so wide; 0: at none.
inline Ran run_connectorctl(const std::vector<std::string>& arguments, std::size_t width = 0) {
  std::vector<const char*> pointers = {"connectorctl"};
  for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
  std::ostringstream out;
  std::ostringstream error;
  std::istringstream in;
  const auto status = run(static_cast<int>(pointers.size()), pointers.data(), {out, error, in, false, width});
  return {static_cast<int>(status), out.str(), error.str()};
}

}  // namespace connectord::ctl
