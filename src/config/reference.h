#pragma once

#include <string>

namespace connectord::config {

// All keys of the configuration as Markdown: one section for each table, in the order of the declarations.
std::string reference_markdown();

}  // namespace connectord::config
