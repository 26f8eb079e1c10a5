#pragma once

#include <string>
#include <tl/expected.hpp>

#include "connectord/mta/mta_requirements.h"
#include "connectord/mta/postfix_setup.h"
#include "connectord/net/endpoint.h"

namespace connectord::mta {

// postmaster in a domain of this Postfix. With its domain, since smtpd takes a bare "postmaster" without asking
// anybody.
std::string own_recipient(const PostfixSetup& setup);

// Where this instance can be reached from this machine, at a service that should ask connectord. On failure says why
// there is none.
tl::expected<net::Endpoint, std::string> smtp_listener_of(const PostfixSetup& setup, const MtaRequirements& required);

}  // namespace connectord::mta
