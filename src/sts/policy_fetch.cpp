#include "connectord/sts/policy_fetch.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/dns/lookups.h"
#include "connectord/net/special_addresses.h"

namespace connectord::sts {
namespace {

constexpr unsigned status_ok = 200;
constexpr const char* policy_path = "/.well-known/mta-sts.txt";
constexpr std::size_t max_addresses = 4;  // that are tried

tl::expected<StsPolicy, std::string> policy_of(const HttpsAnswer& answer) {
  if (answer.status != status_ok) return tl::unexpected("HTTP status " + std::to_string(answer.status));
  if (!base::starts_with_ignoring_case(answer.content_type, "text/plain")) {
    return tl::unexpected(std::string("not text/plain"));
  }
  auto policy = parse_sts_policy(answer.body);
  if (policy) policy->certificate_end = answer.certificate_end;
  return policy;
}

tl::expected<HttpsAnswer, std::string> fetch(const std::string& host, dns::Resolver& resolver,
                                             const HttpsClient& client, const std::vector<net::AddressRange>& ours) {
  const dns::Addresses addresses = dns::addresses_of(resolver, host);
  if (addresses.found.empty()) return tl::unexpected(std::string(to_string(addresses.status)));
  std::string problem;
  for (std::size_t i = 0; i < std::min(addresses.found.size(), max_addresses); ++i) {
    const net::IpAddress& address = addresses.found[i];
    if (const std::string why = net::why_not_reached(address, ours); !why.empty()) {
      problem = address.to_string() + " is " + why;
      continue;
    }
    auto answer = https_get(host, address, policy_path, max_sts_policy_length, client);
    if (answer) return answer;
    problem = answer.error();
  }
  return tl::unexpected(std::move(problem));
}

}  // namespace

StsRecord find_sts_record(dns::Resolver& resolver, const std::string& domain) {
  const auto answer = dns::ask(resolver, {"_mta-sts." + domain, dns::Type::txt});
  StsRecord found;
  found.is_temporary = answer->is_temporary();
  found.ttl = answer->ttl;
  if (found.is_temporary) found.problem = to_string(answer->status);
  std::vector<std::string> records;
  for (const std::string& text : answer->texts) {
    if (is_sts_record(text)) records.push_back(text);
  }
  if (records.empty()) return found;
  if (records.size() > 1) {
    found.problem = std::to_string(records.size()) + " records, so that none counts";
    return found;
  }
  auto id = parse_sts_record(records.front());
  id ? found.id = std::move(*id) : found.problem = std::move(id.error());
  return found;
}

std::string sts_policy_host(const std::string& domain) {
  return "mta-sts." + domain;
}

std::string sts_policy_url(const std::string& domain) {
  return "https://" + sts_policy_host(domain) + policy_path;
}

tl::expected<StsPolicy, std::string> fetch_sts_policy(const std::string& domain, dns::Resolver& resolver,
                                                      const HttpsClient& client,
                                                      const std::vector<net::AddressRange>& ours) {
  const auto answer = fetch(sts_policy_host(domain), resolver, client, ours);
  if (!answer) return tl::unexpected(answer.error());
  auto policy = policy_of(*answer);
  if (policy) policy->domain = domain;
  return policy;
}

}  // namespace connectord::sts
