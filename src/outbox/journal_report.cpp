#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/base/digest.h"
#include "connectord/mail/addresses.h"
#include "connectord/mail/header_field.h"
#include "connectord/mime/encoded_word.h"
#include "connectord/outbox/compose.h"
#include "parts.h"

namespace connectord::outbox {
namespace {

constexpr std::size_t max_line = 900;

// The addresses in all fields of that name, in lower case, sorted.
std::vector<std::string> addresses_of(const std::vector<mail::HeaderField>& header, std::string_view name) {
  std::vector<std::string> addresses;
  for (const auto& field : header) {
    if (!mail::is_named(field.name, name)) continue;
    for (const std::string& address : mail::addresses_in(field.value)) addresses.push_back(base::to_lower(address));
  }
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

// [MS-XJRNL]: To, Cc and Bcc where it can be believed who is named there; else all are Recipient.
std::string recipient_lines(const std::vector<mail::HeaderField>& header, const Envelope& envelope) {
  const auto to = addresses_of(header, "To");
  const auto cc = addresses_of(header, "Cc");
  const auto names = [](const std::vector<std::string>& addresses, const std::string& recipient) {
    return std::binary_search(addresses.begin(), addresses.end(), base::to_lower(recipient));
  };
  std::string lines;
  for (const std::string& recipient : envelope.recipients) {
    const char* word = "Recipient";
    if (envelope.is_authenticated) word = names(to, recipient) ? "To" : names(cc, recipient) ? "Cc" : "Bcc";
    lines += std::string(word) + ": " + mail::one_line(recipient, max_line) + "\n";
  }
  return lines;
}

std::string identity_of(const std::string& original, const Envelope& envelope, const std::string& rule,
                        const std::vector<std::string>& to) {
  std::string text = "journal";
  for (const auto* list : {&envelope.recipients, &to}) {
    for (const std::string& address : *list) text.append(1, '\0').append(address);
    text.append(1, '\1');
  }
  return text + envelope.sender + '\0' + rule + '\0' + base::sha256(original);
}

}  // namespace

tl::expected<Mail, std::string> compose_journal_report(const Original& original, const Envelope& envelope,
                                                       const std::string& rule, const std::vector<std::string>& to,
                                                       const Author& author, const Key& key, std::int64_t unix_time) {
  const auto text = text_of(original);
  if (!text) return tl::unexpected(text.error());
  const std::string subject = mime::first_header_text(original.header, "Subject");
  const std::string fields = "Sender: " + (envelope.sender.empty() ? "<>" : mail::one_line(envelope.sender, max_line)) +
                             "\nSubject: " + mail::one_line(subject, max_line) + "\nMessage-Id: " +
                             mail::one_line(mime::first_header_text(original.header, "Message-ID"), max_line) + "\n" +
                             recipient_lines(original.header, envelope);
  const Letterhead letterhead{.subject = subject,
                              .to = to,
                              .extra_fields = "X-MS-Journal-Report:\r\n",
                              .identity = identity_of(*text, envelope, rule, to),
                              .unix_time = unix_time};
  return finished(letterhead,
                  to_string(Multipart{.type = "multipart/mixed",
                                      .parts = {text_part("text/plain", fields), message_part(*text)},
                                      .boundary = key.secret_word(letterhead.identity)}),
                  author, key);
}

}  // namespace connectord::outbox
