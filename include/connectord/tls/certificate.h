#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

// Certificates (RFC 5280) as plain values. The functions are pure and thread-safe; what they read may be a stranger's.
namespace connectord::tls {

struct Certificate {
  std::string der;
  // Distinguished names in OpenSSL's one-line form, "/O=Contoso/CN=mx.contoso.com", as MTAs write them.
  std::string subject;
  std::string issuer;
  std::string subject_common_name;  // empty where there is none, or more than one
  std::string issuer_common_name;
  std::vector<std::string> dns_names;  // subject alternative names, at most 100 of them; any bytes
  std::int64_t not_before = 0;         // seconds since 1970
  std::int64_t not_after = 0;
  std::string sha256;             // lower-case hexadecimal
  std::string public_key_sha256;  // of the SubjectPublicKeyInfo (RFC 7469, 2.4)
  bool self_signed = false;       // issued by its own name
};

// On failure says what is wrong with it.
tl::expected<Certificate, std::string> read_certificate(std::string_view der);
// The certificates in a PEM text, in its order; other things between them are passed over. An error if there is none.
tl::expected<std::vector<Certificate>, std::string> read_pem(std::string_view pem);

// True if a server may be called so, as Postfix compares it (X509_check_host(3), without partial wildcards): a DNS name
// of the certificate, where it has none the common name; "*" stands for one whole label. ".example.com" matches any
// name below example.com.
bool names_server(const Certificate& certificate, std::string_view name);

// The names that names_server() looks at, for a person: "mx.contoso.com, *.contoso.com and 2 more".
std::string names_of(const Certificate& certificate);

// "2026-11-21 12:00:00 UTC"
std::string time_text(std::int64_t unix_time);

}  // namespace connectord::tls
