#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/outbox/compose.h"

// A copy of somebody's message for those of its recipients that rules tell apart. Pure and thread-safe.
namespace connectord::outbox {

enum class CopyOf : std::uint8_t {
  others,  // not signed by us
  ours     // signed as it leaves
};

// The message to these recipients, with its own sender, and a token that holds for this sender, these recipients, this
// Message-ID and this body alone, and for minutes. On failure says that its bytes cannot be read.
tl::expected<Mail, std::string> compose_copy(const Original& original, const std::string& sender,
                                             const std::vector<std::string>& recipients, CopyOf kind, const Key& key,
                                             std::int64_t unix_time);

// What a message is a copy of, if we made it: `envelope` as it comes in, `body_sha256` in lower-case hexadecimal.
std::optional<CopyOf> read_copy(const std::vector<mail::HeaderField>& header, std::string_view body_sha256,
                                const Envelope& envelope, const Key& key, std::int64_t unix_time);

}  // namespace connectord::outbox
