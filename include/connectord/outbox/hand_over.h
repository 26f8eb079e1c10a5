#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "connectord/net/endpoint.h"
#include "connectord/outbox/compose.h"
#include "connectord/smtp/network.h"
#include "connectord/smtp/smtp_reply.h"

namespace connectord::outbox {

struct HandedOver {
  enum class Result : std::uint8_t {
    accepted,   // for all recipients: the server has it now
    temporary,  // no answer, or a 4xx; also where a part of the recipients was taken
    permanent,  // a 5xx, an address that no server would take, or the objection
  };

  Result result = Result::temporary;
  std::string words;  // the server's answer, or what went wrong: printable

  bool is_accepted() const { return result == Result::accepted; }
};

// What speaks against sending, by the server's answer to EHLO; empty: nothing.
using Objection = std::function<std::string(const smtp::SmtpReply& ehlo)>;

// Hands a message to our own mail server (server.mail_through) by SMTP, in the clear. (The sendmail command would need
// rights that the daemon has given up.) Blocks until the deadline at the most. All recipients or none: where the server
// refuses one, it is not given the message. Thread-safe as far as `network` is.
HandedOver hand_over(const Mail& mail, const net::Endpoint& server, const std::string& helo, smtp::Network& network,
                     smtp::Deadline deadline, const Objection& objection = {});

}  // namespace connectord::outbox
