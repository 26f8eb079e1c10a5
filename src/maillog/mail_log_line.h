#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "connectord/maillog/mail_log_event.h"

namespace connectord::maillog {

// Longer lines are not read: Postfix ends its own at 2 KiB and rsyslog at 8 KiB.
inline constexpr std::size_t max_log_line_length = 65'536;

// How times without year and zone are read. `to_utc` takes seconds since 1970-01-01 00:00 by the local clock.
struct LogClock {
  std::chrono::sys_seconds now;
  std::function<std::chrono::sys_seconds(std::int64_t local)> to_utc;

  // Of this process's time zone. What `to_utc` holds is not thread-safe: each thread takes its own.
  static LogClock of_this_machine(std::chrono::sys_seconds now);
};

// What a line of a mail log reports of a message; nothing where it is about something else, is cut off before what
// matters, or could be read in two ways. Lines have no line end. Read are
//   Nov 21 23:52:18 mx postfix/smtp[10326]: …                    the traditional form, and Postfix's own maillog_file
//   2026-11-21T23:52:18.123456+01:00 mx postfix/smtp[10326]: …   rsyslog's later default (RFC 3339)
//   Nov 21 23:52:18 mx mail.info postfix/smtp[10326]: …          BusyBox's syslogd
// Of Postfix are programs whose name begins with "postfix" (postconf(5): syslog_name, multi_instance_name), of Sendmail
// those that begin with "sendmail" or "sm-". The year of a time without one is the latest that does not lie more than
// a day ahead of `clock.now`.
//
// Much of a line comes from outside: addresses, HELO names, replies of remote servers. Read is only what stands where
// the mail server itself wrote it, in its order; an address ends where its quotes say. That needs Postfix's
// info_log_address_format = external, its default since 3.5. Thread-safe but for `clock`.
std::optional<Event> parse_mail_log_line(std::string_view line, const LogClock& clock);

// The same for the parts of an entry that the journal keeps apart.
std::optional<Event> parse_mail_log_message(Time time, std::string_view program, std::uint32_t pid,
                                            std::string_view message);

}  // namespace connectord::maillog
