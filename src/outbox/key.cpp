#include "connectord/outbox/key.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>

#include "connectord/base/hexadecimal.h"
#include "connectord/base/text.h"

namespace connectord::outbox {
namespace {

constexpr std::size_t key_size = 32;
constexpr std::string_view version = "v1";

std::string_view next_word(std::string_view& rest) {
  rest = base::trimmed(rest);
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  return word;
}

tl::expected<void, std::string> make(const std::string& path, const config::SecretReader& reader) {
  std::array<unsigned char, key_size> bytes{};
  if (::RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return tl::unexpected(std::string("OpenSSL has no random numbers"));
  }
  return config::write_secret_file(path, base::to_hex(bytes) + "\n", reader);
}

}  // namespace

tl::expected<Key, std::string> Key::load_or_make(const std::string& path, const config::SecretReader& reader) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    if (auto made = make(path, reader); !made) return tl::unexpected(path + ": " + made.error());
  }
  auto text = config::read_secret_file(path, reader);
  if (!text) return tl::unexpected(text.error());
  while (text->ends_with('\n')) text->pop_back();
  if (text->size() < 2 * key_size) {
    return tl::unexpected(path + ": is no key of connectord's; remove it, and another one is made");
  }
  return Key(std::move(*text));
}

std::string written_binding(std::string_view message_id, std::string_view body_sha256) {
  return std::string(message_id) + " " + std::string(body_sha256);
}

std::string Key::mac(std::string_view purpose, std::string_view time, std::string_view bound_to) const {
  // No purpose and no time has a zero in it, so nothing can be read in two ways.
  std::string text;
  for (const std::string_view part : {purpose, time, bound_to}) text.append(part).append(1, '\0');
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (::HMAC(::EVP_sha256(), bytes_.data(), static_cast<int>(bytes_.size()), bytes, text.size(), digest.data(),
             &size) == nullptr) {
    return {};
  }
  return base::to_hex(std::span<const unsigned char>(digest.data(), size));
}

std::string Key::token(std::string_view purpose, std::string_view bound_to, std::int64_t unix_time) const {
  const std::string time = std::to_string(unix_time);
  return std::string(version) + " " + std::string(purpose) + " " + time + " " + mac(purpose, time, bound_to);
}

bool Key::verify(std::string_view value, std::string_view purpose, std::string_view bound_to, std::int64_t unix_time,
                 std::int64_t max_age) const {
  constexpr std::int64_t max_clock_difference = 300;
  if (next_word(value) != version || next_word(value) != purpose) return false;
  const std::string_view time = next_word(value);
  const std::string_view given = next_word(value);
  std::int64_t made = 0;
  const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), made);
  if (error != std::errc() || end != time.data() + time.size() || !base::trimmed(value).empty()) return false;
  const std::string expected = mac(purpose, time, bound_to);
  const bool is_ours = !expected.empty() && given.size() == expected.size() &&
                       ::CRYPTO_memcmp(given.data(), expected.data(), expected.size()) == 0;
  return is_ours && made <= unix_time + max_clock_difference && unix_time - made <= max_age;
}

std::string Key::secret_word(std::string_view bound_to) const {
  constexpr std::size_t length = 32;
  return mac("word", "", bound_to).substr(0, length);
}

}  // namespace connectord::outbox
