#include "connectord/mime/transfer_encoding.h"

#include <algorithm>
#include <array>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "connectord/base/base64.h"
#include "connectord/base/hexadecimal.h"
#include "connectord/base/text.h"

namespace connectord::mime {
namespace {

using EncodingName = std::pair<std::string_view, TransferEncoding>;

constexpr std::array encoding_names{EncodingName{"7bit", TransferEncoding::seven_bit},
                                    EncodingName{"8bit", TransferEncoding::eight_bit},
                                    EncodingName{"binary", TransferEncoding::binary},
                                    EncodingName{"quoted-printable", TransferEncoding::quoted_printable},
                                    EncodingName{"base64", TransferEncoding::base64}};

constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto base64_values = [] {
  std::array<int, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < base64_alphabet.size(); ++i) {
    values[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<int>(i);
  }
  return values;
}();

// A stream of blanks cannot make the decoder hold more than this.
constexpr std::size_t max_blanks = 1024;

}  // namespace

TransferEncoding transfer_encoding_named(std::string_view name) {
  for (const auto& [known, encoding] : encoding_names) {
    if (base::equals_ignoring_case(base::trimmed(name), known)) return encoding;
  }
  return TransferEncoding::unknown;
}

std::string_view to_string(TransferEncoding encoding) {
  for (const auto& [name, known] : encoding_names) {
    if (known == encoding) return name;
  }
  return "unknown";
}

void TransferDecoder::update(std::string_view encoded, std::string& decoded) {
  if (encoding_ == TransferEncoding::quoted_printable) return quoted_printable(encoded, decoded);
  if (encoding_ == TransferEncoding::base64) return base64(encoded, decoded);
  decoded += encoded;
}

void TransferDecoder::finish(std::string& decoded) {
  if (encoding_ == TransferEncoding::base64) {
    if (sextets_ != 0 || padding_ != 0) malformed_ = true;
    return incomplete_group(decoded);
  }
  if (pending_.starts_with('=')) malformed_ = true;
  if (pending_.starts_with('=') && pending_.size() > 1 && !base::is_space(pending_[1])) decoded += pending_;
  if (pending_ == "\r") decoded += pending_;
  pending_.clear();
}

std::optional<std::size_t> TransferDecoder::held() const {
  if (sextets_ != 0 || padding_ != 0 || pending_.starts_with('=') || pending_.ends_with('\r')) return std::nullopt;
  return pending_.size();
}

// Most bytes stand for themselves, and are taken a run at a time.
void TransferDecoder::quoted_printable(std::string_view encoded, std::string& decoded) {
  while (!encoded.empty()) {
    if (pending_.empty()) {
      const std::size_t run = std::min(encoded.find_first_of("= \t\r\n"), encoded.size());
      decoded += encoded.substr(0, run);
      encoded.remove_prefix(run);
      if (encoded.empty()) return;
    }
    const char c = encoded.front();
    encoded.remove_prefix(1);
    pending_.starts_with('=') ? escape(c, decoded) : printable(c, decoded);
  }
}

// Outside of an escape; `pending_` holds blanks, then perhaps a CR.
void TransferDecoder::printable(char c, std::string& decoded) {
  if (c == '\n') return end_of_line(decoded);
  const bool goes_on = !pending_.ends_with('\r') && pending_.size() < max_blanks;
  if (c == '\r' ? !pending_.ends_with('\r') : base::is_space(c) && goes_on) {
    pending_ += c;
    return;
  }
  if (pending_.ends_with('\r') || base::is_space(c) || c == '\r') malformed_ = true;
  decoded += pending_;
  pending_.clear();
  if (c == '=' || c == '\r' || base::is_space(c)) {
    pending_ = c;
  } else {
    decoded += c;
  }
}

// Blanks before the line end do not count.
void TransferDecoder::end_of_line(std::string& decoded) {
  decoded += pending_.ends_with('\r') ? "\r\n" : "\n";
  pending_.clear();
}

// Behind "=": two hexadecimal digits, or blanks and a line end.
void TransferDecoder::escape(char c, std::string& decoded) {
  const bool is_soft_break = pending_.size() > 1 && base::hex_value(pending_[1]) < 0;
  if (c == '\n' && (pending_.size() == 1 || is_soft_break)) {
    pending_.clear();
    return;
  }
  if (pending_.size() == 2 && !is_soft_break && base::hex_value(c) >= 0) {
    decoded += static_cast<char>(base::hex_value(pending_[1]) * 16 + base::hex_value(c));
    pending_.clear();
    return;
  }
  const bool may_follow = pending_.size() == 1 ? base::hex_value(c) >= 0 || base::is_space(c) || c == '\r'
                                               : is_soft_break && !pending_.ends_with('\r') &&
                                                     (base::is_space(c) || c == '\r') && pending_.size() < max_blanks;
  if (may_follow) {
    pending_ += c;
    return;
  }
  broken_escape(decoded);
  quoted_printable({&c, 1}, decoded);
}

void TransferDecoder::broken_escape(std::string& decoded) {
  malformed_ = true;
  decoded += std::exchange(pending_, {});
}

void TransferDecoder::base64(std::string_view encoded, std::string& decoded) {
  for (const char c : encoded) {
    if (const int value = base64_values[static_cast<unsigned char>(c)]; value >= 0) {
      sextet(static_cast<unsigned>(value), decoded);
    } else if (c == '=' && sextets_ >= 2 && padding_ + sextets_ < 4) {
      ++padding_;
      if (sextets_ + padding_ < 4) continue;
      incomplete_group(decoded);
      bits_ = 0;
      sextets_ = 0;
      padding_ = 0;
      ended_ = true;
    } else if (!base::is_space(c) && c != '\r' && c != '\n') {
      malformed_ = true;
    }
  }
}

// The bytes of a last group of two or three characters.
void TransferDecoder::incomplete_group(std::string& decoded) const {
  if (sextets_ >= 2) decoded += static_cast<char>((bits_ << (6 * (4 - sextets_))) >> 16 & 0xff);
  if (sextets_ == 3) decoded += static_cast<char>((bits_ << 6) >> 8 & 0xff);
}

void TransferDecoder::sextet(unsigned value, std::string& decoded) {
  if (padding_ > 0 || ended_) malformed_ = true;
  padding_ = 0;
  bits_ = bits_ << 6 | value;
  if (++sextets_ < 4) return;
  decoded += static_cast<char>(bits_ >> 16 & 0xff);
  decoded += static_cast<char>(bits_ >> 8 & 0xff);
  decoded += static_cast<char>(bits_ & 0xff);
  bits_ = 0;
  sextets_ = 0;
}

std::string encode_base64(std::string_view bytes) {
  constexpr std::size_t bytes_in_a_line = 57;
  std::string encoded;
  encoded.reserve(bytes.size() * 4 / 3 + bytes.size() / 36 + 8);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes_in_a_line, bytes.size()))) {
    if (!encoded.empty()) encoded += "\r\n";
    encoded += base::to_base64(bytes.substr(0, bytes_in_a_line));
  }
  return encoded;
}

}  // namespace connectord::mime
