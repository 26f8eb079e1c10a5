#pragma once

#include <optional>
#include <string_view>

#include "postfix_line.h"

namespace connectord::maillog {

// What Sendmail says (sendmail/deliver.c, logdelivery; sendmail/envelope.c, logsender).
std::optional<ParsedMessage> parse_sendmail_message(std::string_view message);

}  // namespace connectord::maillog
