#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectord/mime/structure.h"

namespace connectord::mime {

// Content-Type and all others that are about a body (RFC 2045, 9).
bool is_content_field(std::string_view name);

// Reads a part's Content fields into its types, encodings and dispositions. `default_type`: what it is without a field
// (RFC 2045, 5.2; RFC 2046, 5.1.5).
void describe(Part& part, std::string_view default_type);

// The boundaries that any reader may take for that of this multipart; doubts go to the part.
std::vector<std::string> boundaries_of(Part& part);

}  // namespace connectord::mime
