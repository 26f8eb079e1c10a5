#pragma once

#include <string>
#include <vector>

#include "connectord/net/ip_address.h"

namespace connectord::mta {

// The addresses by which mail leaves this machine for the public network, so far as the machine itself can know them:
// those that Postfix binds (smtp_bind_address, smtp_bind_address6), else those that the routes of the system choose.
// Behind a translation of addresses there are none. `folder` is that of main.cf; there need be no Postfix. Sends
// nothing.
std::vector<net::IpAddress> addresses_mail_leaves_by(const std::string& folder);

}  // namespace connectord::mta
