#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "connectord/probe/network.h"
#include "connectord/probe/smtp_reply.h"
#include "recorder.h"

namespace connectord::probe {

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

std::string base64(std::string_view bytes);

}  // namespace connectord::probe
