#pragma once

#include <memory>
#include <string>

#include "connectord/mta/held_mail.h"

namespace connectord::mta {

// Sendmail's quarantined queue items.
std::shared_ptr<const HeldMail> held_in_sendmail(std::string mc);

}  // namespace connectord::mta
