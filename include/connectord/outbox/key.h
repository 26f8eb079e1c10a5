#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "connectord/config/secret_file.h"

namespace connectord::outbox {

// A secret of this host, by which it knows mail again that it wrote itself. Immutable and thread-safe.
class Key {
 public:
  // The field that carries a token. Incoming ones that do not verify mean nothing.
  static constexpr const char* token_header = "X-Connectord-Token";

  // Reads the key from a file, and makes it where there is none, for `reader` alone. On failure says why.
  static tl::expected<Key, std::string> load_or_make(const std::string& path, const config::SecretReader& reader);
  // From its bytes, at least 32.
  explicit Key(std::string bytes) : bytes_(std::move(bytes)) {}

  // A value for the token field: "v1 PURPOSE TIME MAC" (HMAC with SHA-256, RFC 2104), about 100 characters. `purpose`
  // is a word; `bound_to` is what the token is for and nothing else, such as the Message-ID and the recipients: whoever
  // sees a token can use it again for the very same.
  std::string token(std::string_view purpose, std::string_view bound_to, std::int64_t unix_time) const;
  // Whether the value is ours, for this purpose and this, and not older than `max_age` seconds nor of the future. Takes
  // the same time whatever is wrong with the MAC.
  bool verify(std::string_view value, std::string_view purpose, std::string_view bound_to, std::int64_t unix_time,
              std::int64_t max_age) const;
  // 32 hexadecimal digits that nobody else can predict, the same for the same: for boundaries.
  std::string secret_word(std::string_view bound_to) const;

 private:
  std::string mac(std::string_view purpose, std::string_view time, std::string_view bound_to) const;

  std::string bytes_;
};

// The purpose and age of tokens in mail that this module writes, and what they are bound to: its Message-ID, with angle
// brackets, and the SHA-256 of its body in lower-case hexadecimal.
inline constexpr std::string_view purpose_written = "written";
inline constexpr std::int64_t max_written_age = std::int64_t{7} * 86'400;
std::string written_binding(std::string_view message_id, std::string_view body_sha256);

}  // namespace connectord::outbox
