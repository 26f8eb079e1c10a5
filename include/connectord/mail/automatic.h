#pragma once

#include <cstdint>

#include "connectord/mail/header_field.h"

namespace connectord::mail {

enum class SentBy : std::uint8_t { anybody, program, list };

// Who a header field says that a message was sent by. A program: Auto-Submitted that says anything but "no" (RFC 3834,
// 5), or Precedence: auto_reply. A list, or somebody who sends to many: List-* (RFC 2369, 2919), or Precedence: bulk,
// junk or list. Pure and thread-safe.
SentBy sent_by(const HeaderField& field);

}  // namespace connectord::mail
