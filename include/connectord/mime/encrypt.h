#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/mail/header_field.h"
#include "connectord/mime/bytes.h"
#include "connectord/mime/recipe.h"

struct x509_st;

// S/MIME (RFC 8551): a message encrypted to certificates. Thread-safe.
namespace connectord::mime {

using Certificate = std::shared_ptr<x509_st>;

enum class Cipher : std::uint8_t { aes_256_gcm, aes_256_cbc };

// The first certificate of a PEM file, if mail can be encrypted to it at that time: it is valid, and its key is for
// that (keyEncipherment or keyAgreement, RFC 5280, 4.2.1.3). On failure says why not.
tl::expected<Certificate, std::string> read_certificate(std::string_view pem, std::int64_t unix_time);

// Whether a message is encrypted already, by its Content-Type: S/MIME or PGP/MIME.
bool is_encrypted(const std::vector<mail::HeaderField>& header);

// The whole body, with the fields that are about it, in an enveloped-data (for GCM an authEnveloped-data) of CMS, which
// becomes the body. Of the header all else stays, and stays readable. Holds the message in memory several times, so
// there is a bound. On failure says why it is left as it was.
inline constexpr std::uint64_t max_encrypted_size = std::uint64_t{64} << 20;
tl::expected<Edit, std::string> encrypt(const std::vector<mail::HeaderField>& header, const Bytes& body,
                                        const std::vector<Certificate>& certificates, Cipher cipher);

}  // namespace connectord::mime
