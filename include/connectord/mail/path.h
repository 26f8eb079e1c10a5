#pragma once

#include <string>
#include <string_view>

#include "connectord/model/facts.h"

namespace connectord::mail {

// Reads the reverse path of MAIL FROM (RFC 5321, 4.1.1.2 and 4.1.2): "<local@domain>", with a source route (ignored, as
// appendix C has it), a quoted local part, an address literal, an internationalized domain (RFC 6531), or the null
// sender "<>". A path that two programs could read as mail of different domains is not valid, and neither is one
// longer than any MTA takes.
//
// An MTA goes on with what it makes of a path, and Postfix makes user@domain of "user%domain", "domain!user" and
// "\"user@domain\"" where no domain follows (trivial-rewrite(8): allow_percent_hack, swap_bangpath); those are not
// valid either.
model::Sender parse_reverse_path(std::string_view path);

// The same for Postfix's internal form, which policy requests have: no quotes, and the domain follows the last "@".
model::Sender parse_internal_sender(std::string_view address);

// The mailbox that a local part names (RFC 5321, 4.1.2): without quotes and the backslashes of quoted pairs, since
// "john\.doe", john\.doe and john.doe are one and the same.
std::string unquoted(std::string_view local_part);

// A forward path of RCPT TO as it was given, without its angle brackets.
std::string_view without_brackets(std::string_view path);

}  // namespace connectord::mail
