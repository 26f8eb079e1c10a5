#pragma once

#include <string_view>

namespace connectord::mail {

// True if authentication results (RFC 8601, 2.2), as an ARC seal holds them, say without contradiction that DMARC
// passed for mail of that author domain: one result for "dmarc", of version 1, whose one header.from is the domain.
// Comments, white space, quoted strings and "@" are read as the grammar has them. Where any part of the value cannot be
// read so, or a property of that result stands twice, nothing is believed, since another reader may find something else
// there. A name without a dot ("action=none", as Exchange Online writes it) is no property and says nothing.
// `author_domain` must be normalized.
bool say_dmarc_passed(std::string_view results, std::string_view author_domain);

}  // namespace connectord::mail
