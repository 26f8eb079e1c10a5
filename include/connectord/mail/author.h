#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace connectord::mail {

// One mailbox of a From field (RFC 5322, 3.4), as bytes of UTF-8.
struct Mailbox {
  std::string display_name;  // without quotes; encoded words (RFC 2047) stay encoded
  std::string local_part;    // without quotes
  std::string domain;        // normalized (net::normalize_domain)
  friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

// Who the message says it is from.
struct Author {
  std::string domain;  // the author domain (RFC 9989, 3.2.2): that of all mailboxes
  std::vector<Mailbox> mailboxes;
};

// More mailboxes in one From field are refused.
constexpr std::size_t most_authors = 64;

// Reads the values of all From fields of a message: there must be one (RFC 5322, 3.6), with mailboxes of one domain.
// Takes what RFC 5322 and RFC 6532 allow to be made, and of the obsolete syntax (4.4) dots in a display name and quoted
// parts of a local part. What different readers may take for different domains is refused: groups (RFC 6854), route
// addresses, whitespace or comments inside a domain, an unquoted address of another domain as display name, encoded
// words in an address. On failure says what was wrong, in printable ASCII.
tl::expected<Author, std::string> parse_author(const std::vector<std::string_view>& from_values);

}  // namespace connectord::mail
