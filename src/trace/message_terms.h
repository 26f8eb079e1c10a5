#pragma once

#include <string>
#include <string_view>

#include "author_names.h"
#include "terms.h"

// Which texts a message is found by, in one place for all that write an index.
namespace connectord::trace {

struct TermTexts {
  std::string_view queue_id;
  std::string_view message_id;  // in lower case
  std::string_view client;
  std::string_view original_client;
  std::string_view mail_from;
  std::string_view header_from;
};

// Calls add(kind, text) with an address and with its domain. Texts may be empty.
template <class Add>
void add_address_terms(TermKind whole, TermKind domain, std::string_view address, Add&& add) {
  const std::string canonical = canonical_address(address);
  add(whole, std::string_view(canonical));
  add(domain, domain_part(canonical));
}

// The same with all that the message itself has. Most authors are the senders of their mail, and are found by that.
template <class Add>
void add_message_terms(const TermTexts& texts, Add&& add) {
  add(TermKind::queue_id, texts.queue_id);
  add(TermKind::message_id, texts.message_id);
  add(TermKind::client, texts.client);
  add(TermKind::client, texts.original_client);
  const std::string sender = canonical_address(texts.mail_from);
  add(TermKind::sender, std::string_view(sender));
  add(TermKind::sender_domain, domain_part(sender));
  const AuthorNames names = author_names(texts.header_from);
  for (const std::string& address : names.addresses) {
    if (address != sender) add(TermKind::author, std::string_view(address));
  }
  for (const std::string& name : names.domains) {
    if (name != domain_part(sender)) add(TermKind::author_domain, std::string_view(name));
  }
}

}  // namespace connectord::trace
