#include "dkim_rsa.h"

#include <bit>
#include <cstdint>

namespace connectord::auth {
namespace {

constexpr unsigned char integer_tag = 0x02;
constexpr unsigned char bit_string_tag = 0x03;
constexpr unsigned char sequence_tag = 0x30;

// AlgorithmIdentifier { rsaEncryption, NULL }, and without its parameters, which RFC 3279 forbids and some still write.
constexpr std::string_view rsa_encryption("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 13);
constexpr std::string_view rsa_encryption_bare = rsa_encryption.substr(0, 11);

// Takes elements off the front of DER.
class DerReader {
 public:
  explicit DerReader(std::string_view bytes) : left_(bytes) {}

  bool at_end() const { return left_.empty(); }

  std::optional<std::string_view> take(unsigned char tag) {
    if (left_.size() < 2 || static_cast<unsigned char>(left_[0]) != tag) return std::nullopt;
    left_.remove_prefix(1);
    const auto length = take_length();
    if (!length || *length > left_.size()) return std::nullopt;
    const std::string_view content = left_.substr(0, *length);
    left_.remove_prefix(*length);
    return content;
  }

  // A positive INTEGER, without the zero that marks it so.
  std::optional<std::string_view> take_positive() {
    auto content = take(integer_tag);
    if (!content || content->empty() || (static_cast<unsigned char>(content->front()) & 0x80U) != 0)
      return std::nullopt;
    if (content->front() == '\0') {
      content->remove_prefix(1);
      const bool needed = !content->empty() && (static_cast<unsigned char>(content->front()) & 0x80U) != 0;
      if (!needed) return std::nullopt;
    }
    return content;
  }

 private:
  std::optional<std::size_t> take_length() {
    const auto first = static_cast<unsigned char>(left_[0]);
    left_.remove_prefix(1);
    if (first < 0x80) return first;
    const std::size_t count = first & 0x7fU;
    constexpr std::size_t most = 3;  // no record is longer
    if (count == 0 || count > most || left_.size() < count || left_[0] == '\0') return std::nullopt;
    std::size_t length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8U | static_cast<unsigned char>(left_[i]);
    left_.remove_prefix(count);
    if (length < 0x80) return std::nullopt;
    return length;
  }

  std::string_view left_;
};

std::optional<RsaNumbers> read_numbers(std::string_view sequence) {
  DerReader reader(sequence);
  const auto modulus = reader.take_positive();
  const auto exponent = modulus ? reader.take_positive() : std::nullopt;
  if (!exponent || !reader.at_end()) return std::nullopt;
  return RsaNumbers{*modulus, *exponent};
}

std::optional<std::string_view> take_whole(std::string_view der, unsigned char tag) {
  DerReader reader(der);
  const auto content = reader.take(tag);
  if (!content || !reader.at_end()) return std::nullopt;
  return content;
}

}  // namespace

unsigned RsaNumbers::modulus_bits() const {
  if (modulus.empty()) return 0;
  const auto first = static_cast<unsigned char>(modulus.front());
  return static_cast<unsigned>((modulus.size() - 1) * 8) + static_cast<unsigned>(std::bit_width(first));
}

std::optional<RsaNumbers> parse_rsa_public_key(std::string_view der) {
  const auto outer = take_whole(der, sequence_tag);
  if (!outer) return std::nullopt;
  if (auto numbers = read_numbers(*outer)) return numbers;

  DerReader reader(*outer);
  const auto algorithm = reader.take(sequence_tag);
  if (!algorithm || (*algorithm != rsa_encryption && *algorithm != rsa_encryption_bare)) return std::nullopt;
  const auto bits = reader.take(bit_string_tag);
  // The first byte counts the bits of the last that are not used: none.
  if (!bits || !reader.at_end() || bits->empty() || bits->front() != '\0') return std::nullopt;
  const auto inner = take_whole(bits->substr(1), sequence_tag);
  if (!inner) return std::nullopt;
  return read_numbers(*inner);
}

}  // namespace connectord::auth
