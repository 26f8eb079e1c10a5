#pragma once

#include <vector>

#include "connectord/engine/rule_book.h"
#include "connectord/mail/header_field.h"
#include "connectord/mime/bytes.h"
#include "connectord/mime/structure.h"
#include "connectord/model/facts.h"

namespace connectord::session {

// What rules look at of a message's text: so much of each, and of all together. What is beyond is `text_is_cut`.
constexpr std::size_t max_text_bytes = std::size_t{1} << 20;
constexpr std::size_t max_texts_bytes = std::size_t{4} << 20;

// Reads what `needs` asks for out of all readings of a message, but for its attachments. `header` is the message's own.
model::MessageContent read_content(const std::vector<mail::HeaderField>& header, const mime::Bytes& body,
                                   const std::vector<mime::Structure>& structures, const engine::RuleNeeds& needs);

}  // namespace connectord::session
