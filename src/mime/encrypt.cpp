#include "connectord/mime/encrypt.h"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "connectord/base/ascii_case.h"
#include "connectord/base/base64.h"
#include "connectord/mime/content_value.h"
#include "connectord/mime/header_text.h"
#include "part_fields.h"

namespace connectord::mime {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Bio = std::unique_ptr<BIO, Freer<&BIO_free_all>>;
using Cms = std::unique_ptr<CMS_ContentInfo, Freer<&CMS_ContentInfo_free>>;

// The entity that is encrypted: the fields about the body, an empty line, the body. Empty where it cannot be read.
std::string entity_of(const std::vector<mail::HeaderField>& header, const Bytes& body) {
  std::string entity;
  for (const mail::HeaderField& field : header) {
    if (is_content_field(field.name)) entity += header_line(field);
  }
  entity += "\r\n";
  const bool is_read = visit(body, {0, body.size()}, [&entity](std::string_view piece) {
    entity += piece;
    return true;
  });
  return is_read ? entity : std::string();
}

std::string der_of(CMS_ContentInfo* cms) {
  unsigned char* bytes = nullptr;
  const int size = ::i2d_CMS_ContentInfo(cms, &bytes);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  ::OPENSSL_free(bytes);
  return der;
}

std::string enveloped(const std::string& entity, const std::vector<Certificate>& certificates, Cipher cipher) {
  const unsigned flags = CMS_BINARY | CMS_PARTIAL;
  const Bio input(::BIO_new_mem_buf(entity.data(), static_cast<int>(entity.size())));
  const EVP_CIPHER* algorithm = cipher == Cipher::aes_256_gcm ? ::EVP_aes_256_gcm() : ::EVP_aes_256_cbc();
  const Cms cms(::CMS_encrypt(nullptr, nullptr, algorithm, flags));
  if (!input || !cms) return {};
  for (const Certificate& certificate : certificates) {
    if (::CMS_add1_recipient_cert(cms.get(), certificate.get(), 0) == nullptr) return {};
  }
  if (::CMS_final(cms.get(), input.get(), nullptr, CMS_BINARY) != 1) return {};
  return der_of(cms.get());
}

std::string in_lines(const std::string& der) {
  constexpr std::size_t width = 76;
  const std::string encoded = base::to_base64(der);
  std::string lines;
  lines.reserve(encoded.size() + encoded.size() / width * 2 + 2);
  for (std::size_t begin = 0; begin < encoded.size(); begin += width) {
    lines.append(encoded, begin, width).append("\r\n");
  }
  return lines;
}

std::vector<FieldChange> fields_of_envelope(const std::vector<mail::HeaderField>& header, Cipher cipher) {
  std::vector<FieldChange> changes;
  bool has_version = false;
  for (const mail::HeaderField& field : header) {
    has_version = has_version || mail::is_named(field.name, "MIME-Version");
    if (is_content_field(field.name)) changes.push_back({.name = field.name, .before = field.value, .after = {}});
  }
  const auto add = [&changes](const char* name, const char* value) {
    changes.push_back({.name = name, .before = {}, .after = value});
  };
  if (!has_version) add("MIME-Version", "1.0");
  add("Content-Disposition", "attachment; filename=\"smime.p7m\"");
  add("Content-Transfer-Encoding", "base64");
  add("Content-Type", cipher == Cipher::aes_256_gcm
                          ? "application/pkcs7-mime; smime-type=authEnveloped-data;\n name=\"smime.p7m\""
                          : "application/pkcs7-mime; smime-type=enveloped-data;\n name=\"smime.p7m\"");
  return changes;
}

}  // namespace

tl::expected<Certificate, std::string> read_certificate(std::string_view pem, std::int64_t unix_time) {
  const Bio input(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certificate certificate(::PEM_read_bio_X509(input.get(), nullptr, nullptr, nullptr), ::X509_free);
  ::ERR_clear_error();
  if (!certificate) return tl::unexpected(std::string("it is no certificate in PEM"));
  auto now = static_cast<std::time_t>(unix_time);
  if (::X509_cmp_time(::X509_get0_notBefore(certificate.get()), &now) > 0) {
    return tl::unexpected(std::string("the certificate is not valid yet"));
  }
  if (::X509_cmp_time(::X509_get0_notAfter(certificate.get()), &now) < 0) {
    return tl::unexpected(std::string("the certificate has expired"));
  }
  constexpr std::uint32_t encrypts = KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT;
  const bool says = (::X509_get_extension_flags(certificate.get()) & EXFLAG_KUSAGE) != 0;
  if (says && (::X509_get_key_usage(certificate.get()) & encrypts) == 0) {
    return tl::unexpected(std::string("the certificate's key is not for encryption (keyUsage)"));
  }
  return certificate;
}

bool is_encrypted(const std::vector<mail::HeaderField>& header) {
  for (const mail::HeaderField& field : header) {
    if (!mail::is_named(field.name, "Content-Type")) continue;
    const ContentValue type = parse_content_value(field.value);
    if (type.value == "multipart/encrypted") return true;
    if (type.value != "application/pkcs7-mime" && type.value != "application/x-pkcs7-mime") continue;
    if (base::to_lower(field.value).find("signed-data") == std::string::npos) return true;
  }
  return false;
}

tl::expected<Edit, std::string> encrypt(const std::vector<mail::HeaderField>& header, const Bytes& body,
                                        const std::vector<Certificate>& certificates, Cipher cipher) {
  if (body.size() > max_encrypted_size) return tl::unexpected(std::string("it is larger than is encrypted"));
  const std::string entity = entity_of(header, body);
  if (entity.empty()) return tl::unexpected(std::string("its bytes cannot be read"));
  const std::string der = enveloped(entity, certificates, cipher);
  ::ERR_clear_error();
  if (der.empty()) return tl::unexpected(std::string("OpenSSL cannot encrypt to one of the certificates"));
  std::vector<Step> steps;
  steps.emplace_back(in_lines(der));
  return Edit{.fields = fields_of_envelope(header, cipher), .body = Recipe(std::move(steps))};
}

}  // namespace connectord::mime
