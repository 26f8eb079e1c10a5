#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectord/maillog/line_parts.h"

namespace connectord::maillog {

struct ParsedMessage {
  std::string queue_id;
  Event::Detail detail;
};

// What a program of Postfix says; `daemon` is "smtp", "qmgr", "postsuper" and so on. Each is believed only about what
// it does: "removed" by qmgr, "client=" by smtpd. That is what the names of master.cf's services run, not what they are
// called.
std::optional<ParsedMessage> parse_postfix_message(std::string_view daemon, std::string_view message);

// Behind the queue ID, at "to=<": a delivery (src/global/log_adhoc.c writes it for all programs).
std::optional<DeliveryAttempt> parse_postfix_delivery(std::string_view text);

// Behind "reject: " and the like, of smtpd, cleanup and postscreen, which `daemon` distinguishes. `action` is "reject",
// "hold" or "discard", without "milter-".
std::optional<Event::Detail> parse_postfix_action(std::string_view daemon, std::string_view action,
                                                  std::string_view text);

}  // namespace connectord::maillog
