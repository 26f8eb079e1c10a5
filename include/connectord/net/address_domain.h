#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace connectord::net {

// The normalized domain of a mail address; std::nullopt where it has none. What stands behind the last "@" is the
// domain, whether the local part is quoted or not, since no domain has one. Thread-safe.
std::optional<std::string> domain_of_address(std::string_view address);

}  // namespace connectord::net
