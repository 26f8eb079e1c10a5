#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/dns/resolver.h"
#include "connectord/model/configuration.h"
#include "connectord/net/ip_address.h"

// Where the MX records of our own domains lead, and where they led before.
namespace connectord::probe {

// Of one domain. Times are seconds since 1970.
struct KnownExchangers {
  std::vector<std::string> hosts;   // normalized, in the order of names; empty: the domain takes no mail
  std::vector<std::string> before;  // what they were until `since`; empty also where nothing else was ever seen
  std::int64_t since = 0;           // when they were seen so for the first time
  bool has_changed = false;         // there was something else before
  bool is_here = false;             // one of the hosts is this machine, by its name or an address

  friend bool operator==(const KnownExchangers&, const KnownExchangers&) = default;
};
using Exchangers = std::map<std::string, KnownExchangers>;  // by domain

// What this machine is known by from outside; both may be empty.
struct ThisMachine {
  std::vector<std::string> names;  // normalized
  std::vector<net::IpAddress> addresses;
};

// The accepted domains but for patterns, which may have names that take no mail; at most max_own_domains of them.
std::vector<std::string> domains_to_look_up(const model::Configuration& configuration);
inline constexpr std::size_t max_own_domains = 500;

// Asks DNS about a domain, of which `known` has what was seen last. What cannot be known now stays as it was; empty
// where it was never known. Blocks until DNS has answered.
std::optional<KnownExchangers> look_up_exchangers(const std::string& domain, const ThisMachine& machine,
                                                  const Exchangers& known, dns::Resolver& resolver, std::int64_t now);

// They are kept in a file of their own beside the results of validations (validation.state), which is replaced as a
// whole. `looked` is when DNS was asked last; 0: never, or the file cannot be read.
struct KeptExchangers {
  std::int64_t looked = 0;
  Exchangers exchangers;
};
KeptExchangers read_exchangers(const std::string& folder);
tl::expected<void, std::string> write_exchangers(const std::string& folder, const KeptExchangers& kept);

}  // namespace connectord::probe
