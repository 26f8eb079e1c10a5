#pragma once

#include <string>
#include <tl/expected.hpp>

#include "connectord/net/endpoint.h"
#include "connectord/outbox/hand_over.h"
#include "connectord/probe/validate.h"

namespace connectord::probe {

struct OutgoingMail {
  std::string sender;  // empty: the null sender
  std::string recipient;
  std::string content;  // RFC 5322, with CRLF line ends
};

// Hands a message to our own mail server (outbox::hand_over). Returns what the server said when it took it; on failure
// says why it did not, or what the objection is.
tl::expected<std::string, std::string> send_mail(const net::Endpoint& server, const std::string& helo,
                                                 const OutgoingMail& message, const Services& services,
                                                 const outbox::Objection& objection = {});

}  // namespace connectord::probe
