#include "connectord/mime/encrypt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "connectord/base/base64.h"
#include "mime/message.h"

namespace connectord::mime {
namespace {

using ::testing::HasSubstr;

struct Person {
  std::shared_ptr<EVP_PKEY> key;
  std::string pem;
};

// With a certificate that is valid from now on for so many seconds.
Person person(const char* key_type, long seconds, const char* key_usage = nullptr) {
  Person made;
  made.key.reset(std::string_view(key_type) == "RSA" ? ::EVP_RSA_gen(2048) : ::EVP_EC_gen("P-256"), ::EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&::X509_free)> certificate(::X509_new(), ::X509_free);
  ::X509_set_version(certificate.get(), 2);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate.get()), 7);
  ::X509_gmtime_adj(::X509_getm_notBefore(certificate.get()), -3600);
  ::X509_gmtime_adj(::X509_getm_notAfter(certificate.get()), seconds);
  ::X509_set_pubkey(certificate.get(), made.key.get());
  if (key_usage != nullptr) {
    X509_EXTENSION* extension = ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_key_usage, key_usage);
    ::X509_add_ext(certificate.get(), extension, -1);
    ::X509_EXTENSION_free(extension);
  }
  ::X509_sign(certificate.get(), made.key.get(), ::EVP_sha256());
  const std::unique_ptr<BIO, decltype(&::BIO_free_all)> out(::BIO_new(::BIO_s_mem()), ::BIO_free_all);
  ::PEM_write_bio_X509(out.get(), certificate.get());
  char* bytes = nullptr;
  const long size = ::BIO_get_mem_data(out.get(), &bytes);
  made.pem.assign(bytes, static_cast<std::size_t>(size));
  return made;
}

std::int64_t now() {
  return static_cast<std::int64_t>(std::time(nullptr));
}

std::string decrypted(const Person& reader, const std::string& body) {
  const auto der = base::from_base64(body);
  if (!der) return "no base64";
  const auto* bytes = reinterpret_cast<const unsigned char*>(der->data());
  const std::unique_ptr<CMS_ContentInfo, decltype(&::CMS_ContentInfo_free)> cms(
      ::d2i_CMS_ContentInfo(nullptr, &bytes, static_cast<long>(der->size())), ::CMS_ContentInfo_free);
  const std::unique_ptr<BIO, decltype(&::BIO_free_all)> out(::BIO_new(::BIO_s_mem()), ::BIO_free_all);
  if (!cms || ::CMS_decrypt(cms.get(), reader.key.get(), nullptr, nullptr, out.get(), CMS_BINARY) != 1)
    return "not for us";
  char* text = nullptr;
  const long size = ::BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

TEST(Encrypt, EachReaderGetsTheEntityBackToTheByte) {
  const Person alice = person("RSA", 3600);
  const Person bob = person("EC", 3600);
  const Person eve = person("RSA", 3600);
  const std::string entity = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n";
  const test::Message before = test::message("From: a@x.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n" + entity +
                                             "\r\nGr\xc3\xbc\xc3\x9f"
                                             "e\r\n \t\r\n.\r\nend");
  for (const Cipher cipher : {Cipher::aes_256_gcm, Cipher::aes_256_cbc}) {
    const auto edit =
        encrypt(before.header, MemoryBytes(before.body),
                {read_certificate(alice.pem, now()).value(), read_certificate(bob.pem, now()).value()}, cipher);
    ASSERT_TRUE(edit) << edit.error();
    const test::Message after = test::edited(before, *edit);
    EXPECT_TRUE(is_encrypted(after.header));
    EXPECT_FALSE(is_encrypted(before.header));
    for (const Person* reader : {&alice, &bob})
      EXPECT_EQ(decrypted(*reader, after.body), entity + "\r\n" + before.body);
    EXPECT_NE(decrypted(eve, after.body), entity + "\r\n" + before.body);
    std::size_t longest = 0;
    for (std::size_t begin = 0; begin < after.body.size(); begin = after.body.find('\n', begin) + 1) {
      longest = std::max(longest, after.body.find('\n', begin) - begin);
    }
    EXPECT_LE(longest, 77U);
    std::string names;
    for (const auto& field : after.header) names += field.name + " ";
    EXPECT_EQ(names, "From Subject MIME-Version Content-Disposition Content-Transfer-Encoding Content-Type ");
  }
}

TEST(Encrypt, OnlyAGoodCertificateIsTaken) {
  const auto why_not = [](const std::string& pem) {
    const auto read = read_certificate(pem, now());
    return read ? std::string() : read.error();
  };
  EXPECT_EQ(why_not(person("RSA", 3600, "keyEncipherment").pem), "");
  EXPECT_EQ(why_not(person("EC", 3600, "keyAgreement").pem), "");
  EXPECT_THAT(why_not(person("RSA", 3600, "digitalSignature").pem), HasSubstr("not for encryption"));
  EXPECT_THAT(why_not(person("RSA", -60).pem), HasSubstr("has expired"));
  EXPECT_THAT(why_not("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), HasSubstr("no certificate"));
  EXPECT_THAT(why_not(""), HasSubstr("no certificate"));
}

TEST(Encrypt, WhatIsEncryptedIsKnownByItsType) {
  const auto is = [](const char* type) { return is_encrypted({{"content-type", type}}); };
  EXPECT_TRUE(is(" application/pkcs7-mime; smime-type=enveloped-data"));
  EXPECT_TRUE(is("Application/X-PKCS7-MIME; name=smime.p7m"));
  EXPECT_TRUE(is(" multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x"));
  EXPECT_FALSE(is(" application/pkcs7-mime; smime-type=signed-data"));
  EXPECT_FALSE(is(" multipart/signed; boundary=x"));
  EXPECT_FALSE(is(" text/plain"));
}

}  // namespace
}  // namespace connectord::mime
