#include "connectord/base/digest.h"

#include <openssl/evp.h>

#include <array>
#include <span>

#include "connectord/base/hexadecimal.h"

namespace connectord::base {
namespace {

std::string digest(std::string_view bytes, const EVP_MD* algorithm) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, algorithm, nullptr) != 1) return {};
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace

std::string sha256(std::string_view bytes) {
  return digest(bytes, EVP_sha256());
}

std::string sha512(std::string_view bytes) {
  return digest(bytes, EVP_sha512());
}

std::string sha256_hex(std::string_view bytes) {
  return to_hex(sha256(bytes));
}

}  // namespace connectord::base
