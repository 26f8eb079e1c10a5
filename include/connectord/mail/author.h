#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace connectord::mail {

// One mailbox of a From field (RFC 5322, 3.4), as bytes: UTF-8 (RFC 6532), or whatever an older sender writes.
struct Mailbox {
  std::string display_name;  // without quotes; encoded words (RFC 2047) stay encoded
  std::string local_part;    // without quotes
  std::string domain;        // normalized (net::normalize_domain)
  friend bool operator==(const Mailbox&, const Mailbox&) = default;
};

// Who the message says it is from.
struct Author {
  // All author domains (RFC 9989, 3.2.2) that some program may find in the message, normalized, each once. One: whoever
  // finds an author domain at all finds this one, however ugly the field is. None: the message names nobody.
  std::vector<std::string> domains;
  bool is_disputed = false;        // several From fields, or control characters: nobody's, also with one domain
  std::string remark;              // what is wrong, in printable ASCII; empty for a field as RFC 5322 wants it
  bool lacks_domain = false;       // there is a name or a local part, and no domain
  std::vector<Mailbox> mailboxes;  // of a field with one reading by the grammar; empty otherwise

  bool is_certain() const { return domains.size() == 1 && !is_disputed; }
};

// Each possible author domain is asked for its DMARC policy, so their number is bounded (RFC 9989, 11.5).
constexpr std::size_t max_author_domains = 6;
// Whoever collects From fields need not keep more than one beyond this.
constexpr std::size_t max_from_fields = 4;

// Reads the values of all From fields of a message. There should be one (RFC 5322, 3.6), and its author domain be
// certain; what is only ugly leaves a remark: the obsolete syntax of RFC 5322, 4, 8-bit text in names, what is not
// closed, text around the address. Where programs may differ, every domain that one of them may read is among
// `domains`: mailboxes of several domains, an address in place of a name, encoded words in an address, comments and
// white space inside a domain, control characters. An address literal is no domain.
// On failure, where the possible domains cannot all be looked at, says why in printable ASCII. Thread-safe.
tl::expected<Author, std::string> parse_author(const std::vector<std::string_view>& from_values);

// Mail servers and programs complete what names no author domain: where there is no address, with the envelope's
// sender; where an address lacks its domain, with the name of the mail server. So that is the author domain then. Both
// names must be normalized, or empty.
void complete_author(Author& author, std::string_view sender_domain, std::string_view server_name);

}  // namespace connectord::mail
