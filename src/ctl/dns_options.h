#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/model/configuration.h"
#include "connectord/mta/mail_servers.h"
#include "connectord/probe/domain_check.h"

namespace connectord::ctl {

// What `connectorctl dns` was given.
struct DnsArguments {
  std::string domain;
  std::vector<std::string> selectors;
  std::vector<std::string> addresses;
  bool no_connect = false;
  std::string postfix = mta::MailServerPlaces{}.folder;
};

// What is to be looked at. A domain is ours if it is accepted or signed for; only then this machine's addresses and
// name are those from where its mail leaves, unless the arguments name others. On failure says what is wrong with them.
tl::expected<probe::DomainOptions, std::string> dns_options(const DnsArguments& arguments,
                                                            const model::Configuration& configuration,
                                                            const std::vector<net::IpAddress>& own_addresses);

}  // namespace connectord::ctl
