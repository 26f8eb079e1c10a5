#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace connectord::mime {

// RFC 2045, 6.
enum class TransferEncoding : std::uint8_t { seven_bit, eight_bit, binary, quoted_printable, base64, unknown };

// By the value of Content-Transfer-Encoding, in any case.
TransferEncoding transfer_encoding_named(std::string_view name);
std::string_view to_string(TransferEncoding encoding);

// True if the encoded bytes are the decoded ones.
constexpr bool is_identity(TransferEncoding encoding) {
  return encoding != TransferEncoding::quoted_printable && encoding != TransferEncoding::base64;
}

// Undoes a transfer encoding of a stream. Holds a few bytes of it. Not thread-safe.
// Reads on where the encoding is broken: what is no base64 is skipped (RFC 2045, 6.8), an "=" that begins no escape
// stands for itself (6.7).
class TransferDecoder {
 public:
  explicit TransferDecoder(TransferEncoding encoding) : encoding_(encoding) {}

  // Appends what is known now.
  void update(std::string_view encoded, std::string& decoded);
  // After the last byte.
  void finish(std::string& decoded);
  // The encoding was broken, or could be read in two ways.
  bool is_malformed() const { return malformed_; }
  // Bytes that are read, and decoded once what follows them is known: blanks, which do not count at the end of a line
  // of quoted-printable (RFC 2045, 6.7 (3)). std::nullopt within an escape, a line end or four characters of base64.
  std::optional<std::size_t> held() const;

 private:
  void quoted_printable(std::string_view encoded, std::string& decoded);
  void printable(char c, std::string& decoded);
  void escape(char c, std::string& decoded);
  void broken_escape(std::string& decoded);
  void end_of_line(std::string& decoded);
  void base64(std::string_view encoded, std::string& decoded);
  void sextet(unsigned value, std::string& decoded);
  void incomplete_group(std::string& decoded) const;

  TransferEncoding encoding_;
  bool malformed_ = false;
  std::string pending_;  // "=" and what follows it, or blanks, or a CR
  unsigned bits_ = 0;
  unsigned sextets_ = 0;
  unsigned padding_ = 0;
  bool ended_ = false;  // padding was read, which only the end of the data has
};

// Lines of at most 76 characters with CRLF between them and none at the end (RFC 2045, 6.8).
std::string encode_base64(std::string_view bytes);

// Text with CRLF at its line ends as quoted-printable, lines of at most 76 characters. A character of UTF-8 is never
// divided by a soft line break, and no line begins as a delimiter does (RFC 2045, 6.7).
std::string encode_quoted_printable(std::string_view text);

}  // namespace connectord::mime
