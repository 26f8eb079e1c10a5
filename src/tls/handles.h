#pragma once

#include <openssl/bio.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <string_view>

#include "connectord/base/openssl.h"

// Owners of OpenSSL's handles.
namespace connectord::tls {

// Seconds since 1970; 0 for what is no time.
inline std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm broken_down{};
  return ASN1_TIME_to_tm(time, &broken_down) == 1 ? ::timegm(&broken_down) : 0;
}

inline void free_general_names(GENERAL_NAMES* names) {
  GENERAL_NAMES_free(names);
}
// The stack alone; the certificates in it belong to others.
inline void free_stack(STACK_OF(X509) * stack) {
  sk_X509_free(stack);
}

using X509Handle = std::unique_ptr<X509, base::Free<X509_free>>;
using CrlHandle = std::unique_ptr<X509_CRL, base::Free<X509_CRL_free>>;
using BioHandle = std::unique_ptr<BIO, base::Free<BIO_free_all>>;
using StoreHandle = std::unique_ptr<X509_STORE, base::Free<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, base::Free<X509_STORE_CTX_free>>;
using StackHandle = std::unique_ptr<STACK_OF(X509), base::Free<free_stack>>;
using NamesHandle = std::unique_ptr<GENERAL_NAMES, base::Free<free_general_names>>;
using OcspResponse = std::unique_ptr<OCSP_RESPONSE, base::Free<OCSP_RESPONSE_free>>;
using OcspBasic = std::unique_ptr<OCSP_BASICRESP, base::Free<OCSP_BASICRESP_free>>;
using OcspId = std::unique_ptr<OCSP_CERTID, base::Free<OCSP_CERTID_free>>;

// nullptr for what is no certificate, and where anything follows it.
X509Handle parse_der(std::string_view der);
// For reading from memory; the text must outlive it.
BioHandle reading(std::string_view text);

}  // namespace connectord::tls
