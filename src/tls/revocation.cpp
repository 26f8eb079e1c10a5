#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include <ctime>

#include "connectord/tls/chain.h"
#include "path.h"

namespace connectord::tls {
namespace {

constexpr std::int64_t clock_skew = 300;  // seconds by which clocks may differ

RevocationVerdict unknown(std::string why) {
  return {Revocation::unknown, std::move(why)};
}

OcspBasic read_response(std::string_view der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const OcspResponse response(d2i_OCSP_RESPONSE(nullptr, &bytes, static_cast<long>(der.size())));
  if (!response || OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL) return nullptr;
  return OcspBasic(OCSP_response_get1_basic(response.get()));
}

// The issuer itself must vouch for the response, or one whom it allowed to (RFC 6960, 4.2.2.2).
bool is_signed_by(OCSP_BASICRESP* response, X509* issuer, std::int64_t unix_time) {
  const StoreHandle store(X509_STORE_new());
  if (!store || X509_STORE_add_cert(store.get(), issuer) != 1) return false;
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()), unix_time);
  const StackHandle untrusted(sk_X509_new_null());
  sk_X509_push(untrusted.get(), issuer);
  return OCSP_basic_verify(response, untrusted.get(), store.get(), 0) == 1;
}

// The response's word about this certificate, whichever of the usual digests it names it by.
RevocationVerdict status_in(OCSP_BASICRESP* response, X509* certificate, X509* issuer, std::int64_t unix_time) {
  for (const EVP_MD* digest : {EVP_sha1(), EVP_sha256()}) {
    const OcspId id(OCSP_cert_to_id(digest, certificate, issuer));
    int status = 0;
    int reason = 0;
    ASN1_GENERALIZEDTIME* revoked_at = nullptr;
    ASN1_GENERALIZEDTIME* from = nullptr;
    ASN1_GENERALIZEDTIME* until = nullptr;
    if (OCSP_resp_find_status(response, id.get(), &status, &reason, &revoked_at, &from, &until) != 1) continue;
    if (seconds_of(from) > unix_time + clock_skew) return unknown("the stapled answer is of the future");
    if (until != nullptr && seconds_of(until) + clock_skew < unix_time) {
      return unknown("the stapled answer was good until " + time_text(seconds_of(until)));
    }
    if (status == V_OCSP_CERTSTATUS_GOOD) return {Revocation::good, "good, by the stapled answer"};
    if (status == V_OCSP_CERTSTATUS_REVOKED) {
      return {Revocation::revoked, "revoked at " + time_text(seconds_of(revoked_at)) + ", by the stapled answer"};
    }
    return unknown("the authority does not know the certificate");
  }
  return unknown("the stapled answer is about another certificate");
}

}  // namespace

RevocationVerdict check_stapled(const Chain& chain, std::string_view response, const TrustStore& store,
                                std::int64_t unix_time) {
  if (response.empty()) return unknown("the server staples no OCSP answer");
  const OcspBasic basic = read_response(response);
  const Path path = find_path(chain, store, unix_time);
  ERR_clear_error();
  if (!basic) return unknown("the stapled answer cannot be read");
  if (path.certificates.size() < 2) return unknown("the certificate's issuer is not known");
  X509* certificate = path.certificates[0].get();
  X509* issuer = path.certificates[1].get();
  const bool is_genuine = is_signed_by(basic.get(), issuer, unix_time);
  ERR_clear_error();
  if (!is_genuine) return unknown("the stapled answer is not signed by the certificate's issuer");
  return status_in(basic.get(), certificate, issuer, unix_time);
}

RevocationVerdict check_lists(const Chain& chain, std::string_view pem, const TrustStore& store,
                              std::int64_t unix_time) {
  const Crls lists(sk_X509_CRL_new_null(),
                   [](STACK_OF(X509_CRL) * stack) { sk_X509_CRL_pop_free(stack, X509_CRL_free); });
  const BioHandle bio = reading(pem);
  while (X509_CRL* list = PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)) {
    sk_X509_CRL_push(lists.get(), list);
  }
  ERR_clear_error();
  if (sk_X509_CRL_num(lists.get()) == 0) return unknown("there is no list of revoked certificates in PEM");
  const Path path = find_path(chain, store, unix_time, lists.get());
  if (path.find(X509_V_ERR_CERT_REVOKED) != nullptr) return {Revocation::revoked, "revoked, by the list"};
  for (const int code : {X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID,
                         X509_V_ERR_CRL_SIGNATURE_FAILURE, X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER,
                         X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, X509_V_ERR_UNSPECIFIED}) {
    if (path.find(code) != nullptr) return unknown(X509_verify_cert_error_string(code));
  }
  return {Revocation::good, "good, by the list"};
}

}  // namespace connectord::tls
