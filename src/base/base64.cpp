#include "connectord/base/base64.h"

#include <openssl/evp.h>

#include <algorithm>

namespace connectord::base {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string encoded(text);
  std::erase_if(encoded, [](char c) { return c == '\r' || c == '\n'; });
  const std::size_t end = std::min(encoded.find('='), encoded.size());
  const std::size_t padding = encoded.size() - end;
  const bool is_padding = encoded.find_first_not_of('=', end) == std::string::npos;
  const bool is_sound =
      encoded.size() % 4 == 0 && padding <= 2 && is_padding && encoded.find_first_not_of(alphabet) >= end;
  if (!is_sound) return std::nullopt;
  std::string bytes(encoded.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(encoded.data()), static_cast<int>(encoded.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

}  // namespace connectord::base
