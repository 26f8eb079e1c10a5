#pragma once

#include <chrono>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/dns/resolver.h"
#include "connectord/net/ip_address.h"
#include "connectord/sts/https.h"
#include "connectord/sts/mta_sts.h"

// Where a domain's MTA-STS policy comes from (RFC 8461, 3). Block until DNS and the web server have answered.
namespace connectord::sts {

// What DNS says of it, at _mta-sts.DOMAIN.
struct StsRecord {
  std::string id;             // empty: there is no record that counts
  std::string problem;        // why none of those that are there counts; empty where there is none
  bool is_temporary = false;  // DNS does not tell now
  std::chrono::seconds ttl{0};
};
StsRecord find_sts_record(dns::Resolver& resolver, const std::string& domain);

// "mta-sts.contoso.com"
std::string sts_policy_host(const std::string& domain);
// "https://mta-sts.contoso.com/.well-known/mta-sts.txt"
std::string sts_policy_url(const std::string& domain);

// The policy itself, from the first address that answers. Addresses that are not of the public network are left out,
// but for those in `ours`. On failure says why.
tl::expected<StsPolicy, std::string> fetch_sts_policy(const std::string& domain, dns::Resolver& resolver,
                                                      const HttpsClient& client,
                                                      const std::vector<net::AddressRange>& ours);

}  // namespace connectord::sts
