#include "author_names.h"

#include "connectord/mail/author.h"
#include "terms.h"

namespace connectord::trace {

AuthorNames author_names(std::string_view from) {
  AuthorNames names;
  if (from.empty()) return names;
  const auto author = mail::parse_author({from});
  if (!author) return names;
  for (const mail::Mailbox& mailbox : author->mailboxes) {
    names.addresses.push_back(canonical_address(mailbox.local_part + '@' + mailbox.domain));
  }
  for (const std::string& domain : author->domains) names.domains.push_back(canonical_domain(domain));
  return names;
}

}  // namespace connectord::trace
