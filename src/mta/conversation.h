#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/net/endpoint.h"

namespace connectord::mta {

// What an SMTP server answered to a conversation that hands over no message.
struct Conversation {
  struct Exchange {
    std::string command;  // "connect" for the greeting
    std::string reply;    // the last line
    int code = 0;         // 0 where none came
  };
  std::vector<Exchange> exchanges;

  // The reply to that command; 0 if it was not come to.
  int code_of(std::string_view command) const;
  // "EHLO 250, MAIL 250, RCPT 450 4.1.1 …"
  std::string to_string() const;
};

// Connects, and says EHLO, MAIL FROM:<>, RCPT TO the recipient, RSET, QUIT; goes on after a refusal as far as it makes
// sense. Never says DATA. On failure says why there was no connection.
tl::expected<Conversation, std::string> converse(const net::Endpoint& server, const std::string& recipient);

}  // namespace connectord::mta
