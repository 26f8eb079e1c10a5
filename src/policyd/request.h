#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "connectord/session/policy_request_handler.h"

namespace connectord::policyd {

// A policy request of Postfix (SMTPD_POLICY_README): lines "name=value", ended by an empty line, which `text` leaves
// out. Attributes that are not known are passed over, as that document asks. On failure says what is wrong.
struct Request {
  session::PolicyRequest request;
  std::string protocol_state;  // CONNECT, EHLO, MAIL, RCPT, DATA, END-OF-MESSAGE …
};

tl::expected<Request, std::string> parse_request(std::string_view text);

// The answer's line in an access table's terms, without "action=": "DUNNO", or the SMTP reply.
std::string format_answer(const session::Answer& answer);

}  // namespace connectord::policyd
