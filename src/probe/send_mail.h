#pragma once

#include <string>
#include <tl/expected.hpp>

#include "connectord/net/endpoint.h"
#include "connectord/probe/validate.h"

namespace connectord::probe {

// Hands a message with the null sender to a mail server by SMTP, in the clear: to one of this machine. (The sendmail
// command would need rights that the daemon has given up.) On failure says why.
tl::expected<void, std::string> send_mail(const net::Endpoint& server, const std::string& helo,
                                          const std::string& recipient, const std::string& message,
                                          const Services& services);

}  // namespace connectord::probe
