#pragma once

#include <string_view>

namespace connectord::fleet {

// The tables of the joint trace: statements that follow those of schema.cpp in the same transaction.
extern const std::string_view trace_tables_of_version_1;

}  // namespace connectord::fleet
