#pragma once

#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "connectord/base/openssl.h"
#include "connectord/tls/certificate.h"
#include "tls/handles.h"

// Certificates, lists and answers about them, made for a test.
namespace connectord::tls::testing {

inline constexpr std::int64_t now = 1'800'000'000;  // the time of all tests
inline constexpr std::int64_t day = 86'400;

struct Wanted {
  std::string common_name = "mx.contoso.com";
  std::vector<std::string> names{};
  std::int64_t not_before = now - 100 * day;
  std::int64_t not_after = now + 100 * day;
  bool authority = false;
};

class Made {
 public:
  using Key = std::shared_ptr<EVP_PKEY>;

  explicit Made(const Wanted& wanted, const Made* issuer = nullptr)
      : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), x509_(X509_new(), X509_free) {
    X509* made = x509_.get();
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial());
    ASN1_TIME_set(X509_getm_notBefore(made), wanted.not_before);
    ASN1_TIME_set(X509_getm_notAfter(made), wanted.not_after);
    if (!wanted.common_name.empty()) {
      X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(wanted.common_name.data()), -1, -1, 0);
    }
    const Made& signer = issuer == nullptr ? *this : *issuer;
    X509_set_issuer_name(made, X509_get_subject_name(signer.x509_.get()));
    X509_set_pubkey(made, key_.get());
    extend(NID_basic_constraints, wanted.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (wanted.authority) extend(NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature");
    std::string names;
    for (const std::string& name : wanted.names) names += (names.empty() ? "DNS:" : ",DNS:") + name;
    if (!names.empty()) extend(NID_subject_alt_name, names.c_str());
    if (X509_sign(made, signer.key_.get(), EVP_sha256()) == 0) throw std::runtime_error("cannot sign");
  }

  Certificate certificate() const {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(x509_.get(), &bytes);
    const std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return read_certificate(der).value();
  }

  std::string pem() const {
    const BioHandle bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), x509_.get());
    return content(bio.get());
  }
  std::string key_pem() const {
    const BioHandle bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return content(bio.get());
  }

  // A list of revoked certificates, as their authority publishes it.
  std::string list(const std::vector<const Made*>& revoked, std::int64_t next = now + day) const {
    const CrlHandle crl(X509_CRL_new());
    X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(x509_.get()));
    const std::unique_ptr<ASN1_TIME, base::Free<ASN1_TIME_free>> last(ASN1_TIME_set(nullptr, now - 2 * day));
    const std::unique_ptr<ASN1_TIME, base::Free<ASN1_TIME_free>> until(ASN1_TIME_set(nullptr, next));
    X509_CRL_set1_lastUpdate(crl.get(), last.get());
    X509_CRL_set1_nextUpdate(crl.get(), until.get());
    for (const Made* each : revoked) {
      X509_REVOKED* entry = X509_REVOKED_new();
      X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(each->x509_.get()));
      X509_REVOKED_set_revocationDate(entry, last.get());
      X509_CRL_add0_revoked(crl.get(), entry);
    }
    X509_CRL_sign(crl.get(), key_.get(), EVP_sha256());
    const BioHandle bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509_CRL(bio.get(), crl.get());
    return content(bio.get());
  }

  // What this authority says of a certificate when it is asked by OCSP.
  std::string answer_about(const Made& subject, int status, std::int64_t from = now - day,
                           std::int64_t until = now + day) const {
    const OcspBasic basic(OCSP_BASICRESP_new());
    const OcspId id(OCSP_cert_to_id(EVP_sha1(), subject.x509_.get(), x509_.get()));
    const auto time = [](std::int64_t seconds) { return ASN1_GENERALIZEDTIME_set(nullptr, seconds); };
    using Time = std::unique_ptr<ASN1_GENERALIZEDTIME, base::Free<ASN1_GENERALIZEDTIME_free>>;
    const Time revoked(time(now - day));
    const Time begins(time(from));
    const Time ends(time(until));
    OCSP_basic_add1_status(basic.get(), id.get(), status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                           status == V_OCSP_CERTSTATUS_REVOKED ? revoked.get() : nullptr, begins.get(), ends.get());
    OCSP_basic_sign(basic.get(), x509_.get(), key_.get(), EVP_sha256(), nullptr, 0);
    const OcspResponse response(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
    unsigned char* bytes = nullptr;
    const int size = i2d_OCSP_RESPONSE(response.get(), &bytes);
    std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return der;
  }

 private:
  static long& serial() {
    static long last = 0;
    return last;
  }

  static std::string content(BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    return {bytes, static_cast<std::size_t>(size)};
  }

  void extend(int nid, const char* value) {
    const std::unique_ptr<X509_EXTENSION, base::Free<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
    X509_add_ext(x509_.get(), extension.get(), -1);
  }

  Key key_;
  std::shared_ptr<X509> x509_;
};

inline Made authority(const std::string& name = "Contoso Issuing CA") {
  return Made({.common_name = name, .not_before = now - 1000 * day, .not_after = now + 1000 * day, .authority = true});
}

}  // namespace connectord::tls::testing
