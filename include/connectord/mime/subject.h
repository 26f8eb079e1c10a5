#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace connectord::mime {

// The raw value of a Subject field with a mark such as "[EXTERNAL] " in front of it; all bytes of the old value stay as
// they are behind it. A mark beyond ASCII becomes encoded words (RFC 2047). std::nullopt where the mark is there
// already: at the front of the decoded value, or behind prefixes such as "Re:", "AW:" or "Fwd:". A fold that is needed
// has LF, as milters have them. `mark` is UTF-8 without control characters. Thread-safe.
std::optional<std::string> prepend_to_subject(std::string_view raw, std::string_view mark);

}  // namespace connectord::mime
