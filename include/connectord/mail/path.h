#pragma once

#include <string>
#include <string_view>

#include "connectord/model/facts.h"

namespace connectord::mail {

// Reads the reverse path of MAIL FROM (RFC 5321, 4.1.1.2 and 4.1.2): "<local@domain>", with a source route (ignored, as
// appendix C has it), a quoted local part, an address literal, an internationalized domain (RFC 6531), or the null
// sender "<>". A path that two programs could read as mail of different domains is not valid, and neither is one
// longer than any MTA takes.
model::Sender parse_reverse_path(std::string_view path);

// A forward path of RCPT TO as it was given, without its angle brackets.
std::string_view without_brackets(std::string_view path);

}  // namespace connectord::mail
