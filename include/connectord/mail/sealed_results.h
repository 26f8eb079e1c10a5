#pragma once

#include <string_view>

namespace connectord::mail {

// True if authentication results (RFC 8601, 2.2), as an ARC seal holds them, say without contradiction that DMARC
// passed for mail of that author domain: one result for "dmarc", and its header.from, where it has one, is the domain.
// What stands in a comment, a quoted string or another property says nothing, since it may be a stranger's words.
// `author_domain` must be normalized.
bool say_dmarc_passed(std::string_view results, std::string_view author_domain);

}  // namespace connectord::mail
