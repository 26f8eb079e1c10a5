#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/net/endpoint.h"
#include "connectord/probe/validate.h"
#include "connectord/smtp/smtp_reply.h"

namespace connectord::probe {

// A moment as a Date field has it (RFC 5322, 3.3), in UTC.
std::string date_text(std::int64_t unix_time);

struct Letter {
  std::string sender;  // empty: the null sender
  std::string recipient;
  std::string content;  // RFC 5322, with CRLF line ends
};

// What speaks against sending, by the server's answer to EHLO; empty: nothing.
using Objection = std::function<std::string(const smtp::SmtpReply& ehlo)>;

// Hands a message to a mail server by SMTP, in the clear: to one of this machine (validation.mail_through). (The
// sendmail command would need rights that the daemon has given up.) Returns what the server said when it took it; on
// failure says why it did not, or what the objection is.
tl::expected<std::string, std::string> send_mail(const net::Endpoint& server, const std::string& helo,
                                                 const Letter& letter, const Services& services,
                                                 const Objection& objection = {});

}  // namespace connectord::probe
