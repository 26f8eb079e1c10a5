#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace connectord::tls {

// Which public key belongs to a private key in PEM (RFC 7468): as Certificate::public_key_sha256. On failure says what
// is wrong; one with a passphrase cannot be read. Pure and thread-safe.
tl::expected<std::string, std::string> public_key_sha256_of(std::string_view private_key);

}  // namespace connectord::tls
