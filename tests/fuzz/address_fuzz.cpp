#include <cstddef>
#include <cstdint>
#include <string_view>

#include "connectord/mail/path.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/endpoint.h"
#include "connectord/net/ip_address.h"

// Paths, domain names, networks and listeners.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace connectord;  // NOLINT: one function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const model::Sender sender = mail::parse_reverse_path(text);
  if (!sender.valid && !sender.domain.empty()) __builtin_trap();
  if (!sender.domain.empty() && net::normalize_domain(sender.domain) != sender.domain) __builtin_trap();
  if (const auto name = net::normalize_domain(text); name && net::normalize_domain(*name) != name) __builtin_trap();
  if (const auto range = net::AddressRange::parse(text)) {
    if (!range->contains(range->first()) || !range->contains(range->last())) __builtin_trap();
    if (range->prefixes().size() > 254) __builtin_trap();
  }
  if (const auto endpoint = net::Endpoint::parse(text)) {
    if (net::Endpoint::parse(endpoint->to_string()) != *endpoint) __builtin_trap();
  }
  (void)net::DomainPattern::parse(text);
  return 0;
}
