#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connectord/outbox/key.h"

// The code by which one approver decides on one message that is held: what a link in our notice has. Pure and
// thread-safe.
namespace connectord::outbox {

struct Approval {
  std::string queue_id;    // letters and digits
  std::string approver;    // a mail address
  std::int64_t asked = 0;  // when, in seconds since 1970
  std::int64_t valid = 0;  // for so many seconds
};

// Letters, digits and dots: fit for a URL. Whoever has it is the approver. That it holds once is the caller's to see,
// by what has become of the message.
std::string approval_code(const Approval& approval, const Key& key);

// What a code is for; std::nullopt where it is none of ours, or too old.
std::optional<Approval> read_approval_code(std::string_view code, const Key& key, std::int64_t unix_time);

}  // namespace connectord::outbox
