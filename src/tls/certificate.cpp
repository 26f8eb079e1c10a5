#include "connectord/tls/certificate.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <climits>
#include <ctime>

#include "connectord/base/digest.h"
#include "connectord/base/text.h"
#include "handles.h"

namespace connectord::tls {
namespace {

constexpr std::size_t max_names = 100;
constexpr std::size_t largest = 64U << 10U;

std::string key_digest(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &bytes);
  if (size <= 0) return {};
  std::string digest = base::sha256_hex({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  OPENSSL_free(bytes);
  return digest;
}

std::string one_line(const X509_NAME* name) {
  char* text = X509_NAME_oneline(name, nullptr, 0);
  std::string line = text == nullptr ? "" : text;
  OPENSSL_free(text);
  return line;
}

std::string common_name(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, at) >= 0) return {};
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return {};
  std::string text(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return text;
}

std::vector<std::string> dns_names(X509* certificate) {
  const NamesHandle names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> found;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()) && found.size() < max_names; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    found.emplace_back(text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  return found;
}

Certificate read(X509* handle, std::string der) {
  Certificate certificate;
  certificate.der = std::move(der);
  const X509_NAME* subject = X509_get_subject_name(handle);
  const X509_NAME* issuer = X509_get_issuer_name(handle);
  certificate.subject = one_line(subject);
  certificate.issuer = one_line(issuer);
  certificate.subject_common_name = common_name(subject);
  certificate.issuer_common_name = common_name(issuer);
  certificate.dns_names = dns_names(handle);
  certificate.not_before = seconds_of(X509_get0_notBefore(handle));
  certificate.not_after = seconds_of(X509_get0_notAfter(handle));
  certificate.sha256 = base::sha256_hex(certificate.der);
  certificate.public_key_sha256 = key_digest(handle);
  certificate.self_signed = X509_NAME_cmp(subject, issuer) == 0;
  return certificate;
}

}  // namespace

X509Handle parse_der(std::string_view der) {
  if (der.size() > largest) return nullptr;
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* const end = bytes + der.size();
  X509Handle handle(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
  ERR_clear_error();
  return bytes == end ? std::move(handle) : nullptr;
}

BioHandle reading(std::string_view text) {
  if (text.size() > INT_MAX) text = {};
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

tl::expected<Certificate, std::string> read_certificate(std::string_view der) {
  const X509Handle handle = parse_der(der);
  if (!handle) return tl::unexpected(std::string("not a certificate"));
  return read(handle.get(), std::string(der));
}

tl::expected<std::vector<Certificate>, std::string> read_pem(std::string_view pem) {
  const BioHandle bio = reading(pem);
  std::vector<Certificate> certificates;
  while (bio) {
    const X509Handle handle(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr));
    if (!handle) break;
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(handle.get(), &bytes);
    if (size <= 0) break;
    certificates.push_back(
        read(handle.get(), std::string(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size))));
    OPENSSL_free(bytes);
  }
  ERR_clear_error();
  if (certificates.empty()) return tl::unexpected(std::string("there is no certificate in PEM"));
  return certificates;
}

bool names_server(const Certificate& certificate, std::string_view name) {
  const X509Handle handle = parse_der(certificate.der);
  return handle && !name.empty() &&
         X509_check_host(handle.get(), name.data(), name.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
}

std::string names_of(const Certificate& certificate) {
  constexpr std::size_t shown = 5;
  const auto& names = certificate.dns_names;
  if (names.empty()) {
    const std::string& name = certificate.subject_common_name;
    return name.empty() ? "no name" : base::printable(name) + " (common name)";
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), shown); ++i)
    text += (i > 0 ? ", " : "") + base::printable(names[i]);
  if (names.size() > shown) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

std::string time_text(std::int64_t unix_time) {
  const auto time = static_cast<std::time_t>(unix_time);
  std::tm broken_down{};
  std::array<char, 40> text{};
  if (::gmtime_r(&time, &broken_down) == nullptr) return std::to_string(unix_time);
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &broken_down)};
}

}  // namespace connectord::tls
