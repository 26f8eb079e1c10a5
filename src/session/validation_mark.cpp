#include "connectord/session/validation_mark.h"

#include "connectord/base/text.h"
#include "connectord/mail/certificate_name.h"

namespace connectord::session {
namespace {

constexpr std::string_view dialogue = "dialogue";
constexpr std::string_view message = "validation";
constexpr std::int64_t max_age = 600;
// As xtext (RFC 3461, 4). A token has nothing else than its spaces that must be encoded.
std::string as_xtext(std::string_view token) {
  std::string text;
  for (const char c : token) text += c == ' ' ? std::string("+20") : std::string(1, c);
  return text;
}

}  // namespace

std::string dialogue_mark(const outbox::Key& key, std::string_view sender, std::int64_t unix_time) {
  return as_xtext(key.token(dialogue, sender, unix_time));
}

bool is_dialogue_mark(const outbox::Key& key, std::string_view envelope_id, std::string_view sender,
                      std::int64_t unix_time) {
  constexpr std::size_t max_length = 100;  // RFC 3461, 5.4
  if (envelope_id.empty() || envelope_id.size() > max_length) return false;
  return key.verify(mail::decode_xtext(envelope_id), dialogue, sender, unix_time, max_age);
}

std::string message_mark(const outbox::Key& key, std::string_view message_id, std::int64_t unix_time) {
  return key.token(message, message_id, unix_time);
}

bool is_message_mark(const outbox::Key& key, std::string_view value, std::string_view message_id,
                     std::int64_t unix_time) {
  message_id = base::trimmed(message_id);
  if (message_id.starts_with('<') && message_id.ends_with('>'))
    message_id = message_id.substr(1, message_id.size() - 2);
  return !value.empty() && key.verify(value, message, message_id, unix_time, max_age);
}

}  // namespace connectord::session
