#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace connectord::mime {

// Why two readers of one message may see different parts. What is doubtful is never edited, and conditions look at all
// that any reader may see.
enum class Doubt : std::uint32_t {
  duplicate_field = 1U << 0,      // Content-Type, Content-Transfer-Encoding or Content-Disposition twice
  malformed_field = 1U << 1,      // one of these departs from the grammar of RFC 2045, 5.1, or RFC 2183, 2
  duplicate_parameter = 1U << 2,  // as two boundaries
  unknown_encoding = 1U << 3,     // RFC 2045, 6.1
  encoded_container = 1U << 4,    // a multipart or message in base64 or quoted-printable, which RFC 2045, 6.4, forbids
  bad_boundary = 1U << 5,         // none, or one that RFC 2046, 5.1.1, does not allow
  repeated_boundary = 1U << 6,    // that of a multipart around this one
  lookalike_delimiter = 1U << 7,  // a line that only begins as a delimiter does
  delimiter_after_end = 1U << 8,  // parts behind the close delimiter
  missing_end = 1U << 9,          // no close delimiter
  header_without_end = 1U << 10,  // no empty line between header and body
  bare_line_end = 1U << 11,       // a CR or LF that stands alone ends a line of a header or a delimiter
  readings_differ = 1U << 12,     // the two readings of `read` found different parts
};

// A set of doubts.
class Doubts {
 public:
  void add(Doubt doubt) { bits_ |= static_cast<std::uint32_t>(doubt); }
  void add(const Doubts& others) { bits_ |= others.bits_; }
  bool has(Doubt doubt) const { return (bits_ & static_cast<std::uint32_t>(doubt)) != 0; }
  bool any() const { return bits_ != 0; }
  bool operator==(const Doubts&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

// "a field that is there twice, no close delimiter": for findings. Empty where there is no doubt.
std::string to_string(const Doubts& doubts);

}  // namespace connectord::mime
