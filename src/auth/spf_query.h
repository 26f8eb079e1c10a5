#pragma once

#include <optional>
#include <string>

#include "connectord/auth/spf.h"

namespace connectord::auth {

// The identity that a query is about, as check_host() takes it (RFC 7208, 4.1 and 4.3).
struct SpfIdentity {
  std::string local_part;  // "postmaster" where there is none
  std::string domain;      // normalized
  std::string sender() const { return local_part + "@" + domain; }
};

// std::nullopt where the domain is no name of several labels: the result is "none" (4.3).
std::optional<SpfIdentity> spf_identity(const SpfQuery& query);

}  // namespace connectord::auth
