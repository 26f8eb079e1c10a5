#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/auth/arc.h"
#include "connectord/auth/dkim_headers.h"

namespace connectord::auth {

inline constexpr unsigned max_arc_sets = 50;  // RFC 8617, 4.2.1
inline constexpr std::string_view arc_results_field = "ARC-Authentication-Results";
inline constexpr std::string_view arc_message_signature_field = "ARC-Message-Signature";
inline constexpr std::string_view arc_seal_field = "ARC-Seal";

// Instance 1 first: each from 1 to the highest has each of the fields once (RFC 8617, 5.2, steps 1 and 3). On failure
// says what is wrong.
tl::expected<std::vector<ArcFieldsOfSet>, std::string> collect_arc_fields(const DkimHeaders& headers);

}  // namespace connectord::auth
