#pragma once

#include <string_view>

namespace connectord::mail {

// True if authentication results (RFC 8601, 2.2), as an ARC seal holds them, report `result` for `method`: "dmarc",
// "pass". What stands in a comment, a quoted string or a property reports nothing, since it may be a stranger's words.
bool reports(std::string_view results, std::string_view method, std::string_view result);

}  // namespace connectord::mail
