#include "connectord/mime/encoded_word.h"

#include <algorithm>
#include <optional>

#include "connectord/base/ascii_case.h"
#include "connectord/base/hexadecimal.h"
#include "connectord/base/text.h"
#include "connectord/mail/header_field.h"
#include "connectord/mime/charset.h"
#include "connectord/mime/transfer_encoding.h"

namespace connectord::mime {
namespace {

struct EncodedWord {
  std::string charset;
  std::string bytes;
  std::size_t length = 0;  // of what stands for it
};

// The "Q" encoding (RFC 2047, 4.2).
std::string decode_q(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '_', ' ');
  return base::decode_marked_hex(spaced, '=');
}

std::string decode_b(std::string_view text) {
  TransferDecoder decoder(TransferEncoding::base64);
  std::string bytes;
  decoder.update(text, bytes);
  decoder.finish(bytes);
  return bytes;
}

// At "=?": charset, which may have a language behind an asterisk (RFC 2231, 5), encoding, text.
std::optional<EncodedWord> read_word(std::string_view text) {
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size() || text[charset_end + 2] != '?')
    return {};
  const std::size_t begin = charset_end + 3;
  std::size_t end = text.find('?', begin);
  if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != '=') return {};
  const std::string_view charset = text.substr(2, charset_end - 2);
  const char encoding = base::to_lower(text[charset_end + 1]);
  if (charset.empty() || (encoding != 'q' && encoding != 'b')) return {};
  const std::string_view content = text.substr(begin, end - begin);
  return EncodedWord{.charset = base::to_lower(charset.substr(0, charset.find('*'))),
                     .bytes = encoding == 'q' ? decode_q(content) : decode_b(content),
                     .length = end + 2};
}

std::string without_line_ends(std::string_view raw) {
  std::string line(raw.substr(0, mail::max_read_value_length));
  const bool is_folded = line.find('\n') != std::string::npos || line.find('\r') != std::string::npos;
  if (is_folded) std::erase_if(line, [](char c) { return c == '\r' || c == '\n'; });
  return line;
}

class HeaderTextDecoder {
 public:
  std::string decode(std::string_view text) {
    while (!text.empty()) {
      const std::size_t plain = std::min(text.find("=?"), text.size());
      const auto word = plain < text.size() ? read_word(text.substr(plain)) : std::nullopt;
      const std::size_t taken = word || plain == text.size() ? plain : plain + 2;
      plain_text(text.substr(0, taken), word.has_value());
      if (word) take(*word);
      text.remove_prefix(taken + (word ? word->length : 0));
    }
    flush_words();
    return std::move(decoded_);
  }

 private:
  // Blanks between two encoded words do not count (RFC 2047, 6.2).
  void plain_text(std::string_view plain, bool word_follows) {
    if (word_follows && behind_word_ && base::trimmed(plain).empty()) return;
    if (plain.empty()) return;
    flush_words();
    decoded_ += decode_charset(plain, {});
    behind_word_ = false;
  }

  void take(const EncodedWord& word) {
    if (word.charset != charset_) flush_words();
    charset_ = word.charset;
    bytes_ += word.bytes;
    behind_word_ = true;
  }

  void flush_words() {
    if (!bytes_.empty()) decoded_ += decode_charset(bytes_, charset_);
    bytes_.clear();
  }

  std::string decoded_;
  std::string charset_;
  std::string bytes_;
  bool behind_word_ = false;
};

// The longest front that fits and does not divide a character.
std::size_t word_length(std::string_view utf8) {
  constexpr std::size_t longest = 45;  // in base64 60 characters, and 12 around them
  if (utf8.size() <= longest) return utf8.size();
  std::size_t length = longest;
  while (length > longest - 4 && (static_cast<unsigned char>(utf8[length]) & 0xc0) == 0x80) --length;
  return length;
}

}  // namespace

std::string decode_header_text(std::string_view raw) {
  const std::string line = without_line_ends(raw);
  const std::string_view text = base::trimmed(line);
  const bool is_plain = text.find("=?") == std::string_view::npos && base::is_utf8(text);  // most are
  return is_plain ? std::string(text) : HeaderTextDecoder().decode(text);
}

std::string first_header_text(const std::vector<mail::HeaderField>& header, std::string_view name) {
  const auto field =
      std::find_if(header.begin(), header.end(), [&](const auto& each) { return mail::is_named(each.name, name); });
  return field == header.end() ? std::string() : decode_header_text(field->value);
}

std::string encode_words(std::string_view utf8) {
  std::string words;
  while (!utf8.empty()) {
    const std::size_t length = word_length(utf8);
    if (!words.empty()) words += ' ';
    words += "=?utf-8?b?" + encode_base64(utf8.substr(0, length)) + "?=";
    utf8.remove_prefix(length);
  }
  return words;
}

}  // namespace connectord::mime
