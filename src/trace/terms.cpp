#include "terms.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/mail/path.h"
#include "connectord/net/domain_name.h"

namespace connectord::trace {
namespace {

// "@relay.example,@other.example:user@example.net"
std::string_view without_route(std::string_view address) {
  const auto colon = address.find(':');
  const bool has_route = address.starts_with('@') && colon != std::string_view::npos && address.find('"') > colon;
  return has_route ? address.substr(colon + 1) : address;
}

// Where the "@" before the domain stands: the last one that is not within quotes.
std::size_t end_of_local_part(std::string_view address) {
  std::size_t at = std::string_view::npos;
  bool is_quoted = false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (address[i] == '\\') {
      ++i;
    } else if (address[i] == '"') {
      is_quoted = !is_quoted;
    } else if (address[i] == '@' && !is_quoted) {
      at = i;
    }
  }
  return is_quoted ? address.rfind('@') : at;
}

// Nearly all are: nothing is escaped, and each byte is a character.
bool is_plain(std::string_view address) {
  return address.find('"') == std::string_view::npos && address.find('\\') == std::string_view::npos &&
         std::all_of(address.begin(), address.end(), base::is_ascii);
}

}  // namespace

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
  std::string lower = base::to_lower(domain);
  const bool ascii = std::all_of(lower.begin(), lower.end(), base::is_ascii);
  if (!ascii) {
    if (auto name = net::normalize_domain(lower)) return *name;
  }
  if (lower.ends_with('.')) lower.pop_back();
  return lower;
}

std::string_view local_part(std::string_view canonical) {
  return canonical.substr(0, canonical.rfind('@'));
}

std::string canonical_address(std::string_view address) {
  address = without_route(address);
  if (is_plain(address)) {
    std::string lower = base::to_lower(address);
    if (lower.ends_with('.') && lower.find('@') != std::string::npos) lower.pop_back();
    return lower;
  }
  const auto at = end_of_local_part(address);
  const std::string local = base::to_lower(mail::unquoted(address.substr(0, at)));
  if (at != std::string_view::npos) return local + '@' + canonical_domain(address.substr(at + 1));
  // "a@b" in quotes has no domain, and is another mailbox than a@b; Postfix writes "a@b"@.
  return local.find('@') == std::string::npos ? local : local + '@';
}

}  // namespace connectord::trace
