#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace connectord::config {

// "there is no rule "mrak"; did you mean "mark"?": names the one of `names` that was probably meant, and otherwise the
// command that lists all.
std::string no_such(std::string_view kind, const std::string& name, const std::vector<std::string>& names,
                    std::string_view list_command);

}  // namespace connectord::config
