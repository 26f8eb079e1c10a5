#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "connectord/smtp/network.h"
#include "connectord/smtp/smtp_reply.h"

namespace connectord::smtp {

inline constexpr int ready = 220;  // the greeting, and the reply to STARTTLS (RFC 3207)

// A client of SMTP (RFC 5321) that says one command at a time.
class SmtpClient {
 public:
  using Answered = tl::expected<SmtpReply, Failure>;

  explicit SmtpClient(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  Answered read_reply(Deadline deadline);
  // `line` without its end; it must hold no control characters.
  Answered command(std::string_view line, Deadline deadline);
  // After the reply to STARTTLS. Refuses if anything has come after that reply: it came in the clear and would be taken
  // for an answer within TLS (CVE-2011-0411).
  tl::expected<TlsSession, Failure> start_tls(const TlsWish& wish, Deadline deadline);
  // The content with CRLF line ends and stuffed dots, and its end (RFC 5321, 4.1.1.4).
  Answered content(std::string_view message, Deadline deadline);

 private:
  std::unique_ptr<Connection> connection_;
  std::string unread_;
};

// "greylisted", "no answer within 30 s": what a failure was, for a finding.
std::string words_of(const Failure& failure, std::chrono::milliseconds limit);

// "15 s", "2.5 s", "300 ms"
std::string duration_text(std::chrono::milliseconds duration);

// True for what may be given in MAIL and RCPT: an address of printable ASCII, without what ends a path or a line.
bool is_plain_address(std::string_view address);

}  // namespace connectord::smtp
