#pragma once

#include <openssl/bio.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <string_view>

// Owners of OpenSSL's handles.
namespace connectord::tls {

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};

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

using X509Handle = std::unique_ptr<X509, Freeing<X509_free>>;
using CrlHandle = std::unique_ptr<X509_CRL, Freeing<X509_CRL_free>>;
using BioHandle = std::unique_ptr<BIO, Freeing<BIO_free_all>>;
using StoreHandle = std::unique_ptr<X509_STORE, Freeing<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Freeing<X509_STORE_CTX_free>>;
using StackHandle = std::unique_ptr<STACK_OF(X509), Freeing<free_stack>>;
using NamesHandle = std::unique_ptr<GENERAL_NAMES, Freeing<free_general_names>>;
using OcspResponse = std::unique_ptr<OCSP_RESPONSE, Freeing<OCSP_RESPONSE_free>>;
using OcspBasic = std::unique_ptr<OCSP_BASICRESP, Freeing<OCSP_BASICRESP_free>>;
using OcspId = std::unique_ptr<OCSP_CERTID, Freeing<OCSP_CERTID_free>>;

// nullptr for what is no certificate, and where anything follows it.
X509Handle parse_der(std::string_view der);
// For reading from memory; the text must outlive it.
BioHandle reading(std::string_view text);

}  // namespace connectord::tls
