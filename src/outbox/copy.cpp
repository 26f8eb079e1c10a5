#include "connectord/outbox/copy.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/base/digest.h"
#include "connectord/base/text.h"
#include "connectord/mail/header_field.h"
#include "parts.h"

namespace connectord::outbox {
namespace {

constexpr std::int64_t max_copy_age = 600;

std::string_view without_ends(std::string_view value) {
  constexpr const char* blank = " \t\r\n";
  const std::size_t begin = value.find_first_not_of(blank);
  if (begin == std::string_view::npos) return {};
  return value.substr(begin, value.find_last_not_of(blank) + 1 - begin);
}

std::string_view purpose_of(CopyOf kind) {
  return kind == CopyOf::ours ? "copy-ours" : "copy-others";
}

std::string copy_binding(const std::vector<mail::HeaderField>& header, std::string_view body_sha256,
                         const std::string& sender, const std::vector<std::string>& recipients) {
  const auto message_id = std::find_if(header.begin(), header.end(),
                                       [](const auto& field) { return mail::is_named(field.name, "Message-ID"); });
  std::string text(body_sha256);
  text.append(1, '\0').append(message_id == header.end() ? std::string_view() : without_ends(message_id->value));
  text.append(1, '\0').append(sender);
  std::vector<std::string> sorted;
  for (const std::string& recipient : recipients) sorted.push_back(base::to_lower(recipient));
  std::sort(sorted.begin(), sorted.end());
  for (const std::string& recipient : sorted) text.append(1, '\0').append(recipient);
  return base::sha256_hex(text);
}

}  // namespace

tl::expected<Mail, std::string> compose_copy(const Original& original, const std::string& sender,
                                             const std::vector<std::string>& recipients, CopyOf kind, const Key& key,
                                             std::int64_t unix_time) {
  const std::vector<mail::HeaderField> no_fields;
  auto body = text_of({.header = no_fields, .body = original.body});
  const mime::MemoryBytes nothing("");
  auto header = text_of({.header = original.header, .body = nothing});
  if (!body || !header) return tl::unexpected(std::string("the message's bytes cannot be read"));
  body->erase(0, 2);  // the line between
  const std::string bound_to = copy_binding(original.header, base::sha256_hex(*body), sender, recipients);
  Mail mail;
  mail.sender = sender;
  mail.recipients = recipients;
  mail.content = std::string(Key::token_header) + ": " + key.token(purpose_of(kind), bound_to, unix_time) + "\r\n" +
                 *header + *body;
  mail.is_8bit = !std::all_of(mail.content.begin(), mail.content.end(), base::is_ascii);
  return mail;
}

std::optional<CopyOf> read_copy(const std::vector<mail::HeaderField>& header, std::string_view body_sha256,
                                const Envelope& envelope, const Key& key, std::int64_t unix_time) {
  // Ours is the first one: what the message had before may be anybody's.
  const auto token = std::find_if(header.begin(), header.end(),
                                  [](const auto& field) { return mail::is_named(field.name, Key::token_header); });
  if (token == header.end()) return std::nullopt;
  const std::string bound_to = copy_binding(header, body_sha256, envelope.sender, envelope.recipients);
  for (const CopyOf kind : {CopyOf::others, CopyOf::ours}) {
    if (key.verify(without_ends(token->value), purpose_of(kind), bound_to, unix_time, max_copy_age)) return kind;
  }
  return std::nullopt;
}

}  // namespace connectord::outbox
