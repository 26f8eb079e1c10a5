#include "input.h"

#include <istream>
#include <iterator>

#include "connectord/base/files.h"

namespace connectord::ctl {

Expected<std::string> read_input(const std::string& path, std::istream& in) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(in), {});
  return base::read_file(path).map_error([&path](const std::error_code&) { return "cannot read " + path; });
}

}  // namespace connectord::ctl
