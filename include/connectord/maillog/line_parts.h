#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectord/maillog/mail_log_event.h"
#include "connectord/maillog/text_cursor.h"

// Parts that lines of Postfix and of Sendmail have in common.
namespace connectord::maillog {

// At '<': the address between the angle brackets, with the quotes of its local part. Nothing is taken, and std::nullopt
// returned, where it could end elsewhere (a space, comma, quote or bracket outside of quotes), where it is longer than
// 1 KiB, or no UTF-8.
std::optional<std::string> take_bracketed_address(TextCursor& cursor);

// At a digit: "1.2" or "13", seconds. At most some 30 years.
std::optional<std::chrono::milliseconds> take_seconds(TextCursor& cursor);

// The whole of `text` as "name[address]:port", "name[address]" or a plain name.
Relay read_relay(std::string_view text);

// "4.4.1" (RFC 3463) at the beginning of `text`, else empty.
std::string enhanced_status_of(std::string_view text);

// A queue ID of Postfix's (short or long) or Sendmail's.
bool is_postfix_queue_id(std::string_view text);
bool is_sendmail_queue_id(std::string_view text);

// The ID after the last "queued as " or "forwarded as " in what a relay said; empty if there is none.
std::string next_queue_id(std::string_view text);

// Fit to be kept: at most 1 KiB, and UTF-8. Where it is not, because a line was cut within a character or has other
// bytes, what is beyond ASCII becomes '?'.
std::string bounded(std::string_view text);

}  // namespace connectord::maillog
