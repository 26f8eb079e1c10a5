#pragma once

#include <string_view>

namespace connectord::mta {

// "tls_version" of "{tls_version}", which means the same.
std::string_view bare_macro(std::string_view name);

// True if connectord takes that macro's value for a fact about a client or its mail, so that one which is made up would
// be believed. `name` is bare. Not the names that the mail server has for itself.
bool is_fact_macro(std::string_view name);

}  // namespace connectord::mta
