#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace connectord::mail {

// A header field as a milter is given it: the name without its colon, the value as it came, folding and all.
struct HeaderField {
  std::string name;
  std::string value;
};

// Longer values of the fields that are read here are not read at all. Real ones stay below 4 kB.
constexpr std::size_t max_read_value_length = 16'384;

// Names are the same in any case (RFC 5322, 1.2.2). Whitespace around the name does not count: "From :" is a From field
// to those who read obsolete syntax (4.5), so it must be one here too.
bool is_named(std::string_view field_name, std::string_view name);

// The value on one line (RFC 5322, 2.2.3). Line ends may be LF, as milters have them, or CR LF.
// On failure says what is wrong: a value too long, control characters, a bare CR or LF, or a line of nothing but
// whitespace, at which some readers end the header (3.2.2 forbids to make them).
tl::expected<std::string, std::string> unfold(std::string_view raw);

}  // namespace connectord::mail
