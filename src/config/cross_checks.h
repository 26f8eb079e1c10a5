#pragma once

#include "problems.h"

namespace connectord::config {

// What must fit together across tables and files: names that stand twice, and services without which a requirement
// can't be known. `main_file` is where the configuration begins.
void check_across(const model::Configuration& configuration, const std::shared_ptr<const std::string>& main_file,
                  Problems& problems);

}  // namespace connectord::config
