#include "terms.h"

#include <algorithm>

#include "connectord/mail/text.h"
#include "connectord/net/ascii_case.h"
#include "connectord/net/domain_name.h"

namespace connectord::trace {

// FNV-1a, and a last step that spreads its upper half over the lower one.
std::int64_t term(TermKind kind, std::string_view text) {
  constexpr std::uint64_t offset = 14695981039346656037U;
  constexpr std::uint64_t prime = 1099511628211U;
  std::uint64_t hash = (offset ^ static_cast<unsigned char>(kind)) * prime;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
  hash ^= hash >> 32U;
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(hash));
}

std::string_view domain_part(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

std::string canonical_domain(std::string_view domain) {
  std::string lower = net::to_lower(domain);
  const bool ascii = std::all_of(lower.begin(), lower.end(), mail::is_ascii);
  if (!ascii) {
    if (auto name = net::normalize_domain(lower)) return *name;
  }
  if (lower.ends_with('.')) lower.pop_back();
  return lower;
}

std::string canonical_address(std::string_view address) {
  const auto at = address.rfind('@');
  if (at == std::string_view::npos) return net::to_lower(address);
  return net::to_lower(address.substr(0, at + 1)) + canonical_domain(address.substr(at + 1));
}

}  // namespace connectord::trace
