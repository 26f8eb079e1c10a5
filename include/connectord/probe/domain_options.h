#pragma once

#include <string>
#include <vector>

#include "connectord/model/configuration.h"
#include "connectord/probe/domain_check.h"

namespace connectord::probe {

// What is to be looked at of a domain, which is normalized. It is ours if it is accepted or signed for; only then this
// machine's addresses and name are those from where its mail leaves. Reads the keys by which it is signed.
DomainOptions domain_options(const model::Configuration& configuration, const std::string& domain,
                             const std::vector<net::IpAddress>& own_addresses);

}  // namespace connectord::probe
