#pragma once

#include <string>
#include <tl/expected.hpp>

#include "api_client.h"
#include "connectord/mta/mail_servers.h"

namespace connectord::ctl {

// What the API would answer, where connectord has none: for root the same code does the same to the same files, and the
// running connectord reads them again. A folder for connectors that is missing is made. On failure says why nothing has
// changed, or what remains to be done.
tl::expected<ApiAnswer, std::string> answer_locally(const Common& common, const ApiCall& call,
                                                    const Terminal& terminal);

// The same for calls about held mail: by the mail server's programs, and with a line in the trace and the audit log as
// connectord's user would write it.
tl::expected<ApiAnswer, std::string> decide_locally(const Common& common, const ApiCall& call,
                                                    const mta::MailServerPlaces& places, const Terminal& terminal);

}  // namespace connectord::ctl
