#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connectord/mime/encrypt.h"

namespace connectord::session {

struct RecipientCertificates {
  std::vector<mime::Certificate> certificates;
  std::string missing;  // who has none, and why, in words; empty if all have one
};

// Those of these addresses in a folder: "bob@example.net.pem" or else "example.net.pem", in lower case, domains as
// A-labels. Read anew for each message, so that a new file counts at once.
RecipientCertificates find_certificates(const std::string& folder, const std::vector<std::string>& addresses,
                                        std::int64_t unix_time);

}  // namespace connectord::session
