#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "connectord/outbox/key.h"

// How connectord knows dialogues and messages by which we try our own server (connectorctl validate), so that they
// count as nobody's mail. Only who has the host's key can make a mark. Pure and thread-safe.
namespace connectord::session {

// The ENVID of MAIL for this sender (RFC 3461, 4.4), as xtext.
std::string dialogue_mark(const outbox::Key& key, std::string_view sender, std::int64_t unix_time);
bool is_dialogue_mark(const outbox::Key& key, std::string_view envelope_id, std::string_view sender,
                      std::int64_t unix_time);

// The value of Key::token_header for a test message. `message_id` has no angle brackets.
std::string message_mark(const outbox::Key& key, std::string_view message_id, std::int64_t unix_time);
bool is_message_mark(const outbox::Key& key, std::string_view value, std::string_view message_id,
                     std::int64_t unix_time);

}  // namespace connectord::session
