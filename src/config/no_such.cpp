#include "no_such.h"

#include "connectord/config/nearest.h"
#include "quote.h"

namespace connectord::config {

std::string no_such(std::string_view kind, const std::string& name, const std::vector<std::string>& names,
                    std::string_view list_command) {
  const auto near = nearest(name, {names.begin(), names.end()});
  return "there is no " + std::string(kind) + " " + in_quotes(name) +
         (near ? "; did you mean " + in_quotes(*near) + "?" : "; see: " + std::string(list_command));
}

}  // namespace connectord::config
