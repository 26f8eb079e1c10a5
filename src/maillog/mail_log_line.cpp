#include "mail_log_line.h"

#include <algorithm>

#include "postfix_line.h"
#include "sendmail_line.h"
#include "syslog_prefix.h"

namespace connectord::maillog {
namespace {

// The mail servers write none, and syslog's programs escape what others write.
bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), base::is_control);
}

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

}  // namespace

std::optional<Event> parse_mail_log_line(std::string_view line, const LogClock& clock) {
  if (line.size() > max_log_line_length || has_control_characters(line)) return std::nullopt;
  const auto prefix = read_syslog_prefix(line, clock);
  if (!prefix) return std::nullopt;
  return parse_mail_log_message(prefix->time, prefix->program, prefix->pid, prefix->message);
}

std::optional<Event> parse_mail_log_message(Time time, std::string_view program, std::uint32_t pid,
                                            std::string_view message) {
  if (message.size() > max_log_line_length || has_control_characters(message)) return std::nullopt;
  const bool postfix = begins_with(program, "postfix") && program.find('/') != std::string_view::npos;
  const bool sendmail = begins_with(program, "sendmail") || begins_with(program, "sm-");
  if (!postfix && !sendmail) return std::nullopt;
  auto parsed = postfix ? parse_postfix_message(program.substr(program.rfind('/') + 1), message)
                        : parse_sendmail_message(message);
  if (!parsed) return std::nullopt;
  return Event{time, bounded(program), pid, std::move(parsed->queue_id), std::move(parsed->detail)};
}

}  // namespace connectord::maillog
