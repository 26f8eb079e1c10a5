#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace connectord::mime {

// What bytes of ASCII mean within text of a charset.
enum class CharsetKind : std::uint8_t {
  unknown,      // nobody knows the name
  ascii_based,  // themselves, wherever they stand, below 0x40 at least: ISO 8859, UTF-8, EUC, GBK, Big5, Shift_JIS
  iso_2022_jp,  // themselves, until an escape sequence says otherwise (RFC 1468)
  other,        // something else: UTF-7, UTF-16, HZ and such
};

// By the names that IANA and the field know. Thread-safe.
CharsetKind kind_of_charset(std::string_view charset);

// Decodes a stream to UTF-8. What cannot be decoded becomes U+FFFD. Not thread-safe.
class CharsetDecoder {
 public:
  // std::nullopt where nobody knows the charset. Throws std::bad_alloc.
  static std::optional<CharsetDecoder> open(std::string_view charset);
  CharsetDecoder(CharsetDecoder&&) noexcept;
  CharsetDecoder& operator=(CharsetDecoder&&) noexcept;
  ~CharsetDecoder();

  // Appends what is known now.
  void update(std::string_view bytes, std::string& utf8) { convert(bytes, utf8, Flush::no); }
  // After the last byte.
  void finish(std::string& utf8) { convert({}, utf8, Flush::yes); }
  // There were bytes that are nothing in this charset.
  bool is_malformed() const;

 private:
  struct Converters;
  enum class Flush : std::uint8_t { no, yes };

  explicit CharsetDecoder(std::unique_ptr<Converters> converters);
  void convert(std::string_view bytes, std::string& utf8, Flush flush);

  std::unique_ptr<Converters> converters_;
};

// The whole of it. Of an unknown charset, and of an empty name: UTF-8 if it is that, else windows-1252, as mail
// programs guess.
std::string decode_charset(std::string_view bytes, std::string_view charset);

// std::nullopt where the charset is unknown or has not all of these characters.
std::optional<std::string> encode_charset(std::string_view utf8, std::string_view charset);

}  // namespace connectord::mime
