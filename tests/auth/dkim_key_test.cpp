#include "connectord/auth/dkim_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "auth/dkim_rsa.h"
#include "auth/dkim_signing.h"

namespace connectord::auth {
namespace {

using dns::testing::Zone;
using model::DkimResult;
using namespace testing;  // NOLINT: this test's own helpers

using ::testing::HasSubstr;

model::DkimSignature with_record(const std::string& record, const PrivateKey& key = rsa_key(),
                                 const std::string& algorithm = "rsa-sha256") {
  Signing signing;
  signing.key = &key;
  signing.before = " v=1; a=" + algorithm + "; d=example.com; s=sel; c=relaxed; i=@sub.example.com; h=from";
  return verify_one(signed_message(plain_message(), signing), zone_with(record));
}

struct RecordCase {
  std::string name;
  std::string record;
  DkimResult result;
  std::string problem;
};

TEST(DkimKey, JudgesTheTagsOfAKeyRecord) {
  const std::string p = "p=" + rsa_key().public_key();
  const auto pass = DkimResult::pass;
  const auto permerror = DkimResult::permerror;
  const std::vector<RecordCase> cases = {
      {"all is well", "v=DKIM1; k=rsa; " + p, pass, ""},
      {"only the key", p, pass, ""},
      {"white space in the key", "v=DKIM1; p= " + rsa_key().public_key().insert(40, " \t "), pass, ""},
      {"a semicolon at the end", "v=DKIM1; " + p + ";", pass, ""},
      {"a note and a granularity", "v=DKIM1; g=*; n=hello world=20; " + p, pass, ""},
      {"PKCS#1", "v=DKIM1; p=" + rsa_key().pkcs1_public_key(), pass, ""},
      {"SHA-256 among others", "h=sha1:sha256; " + p, pass, ""},
      {"SHA-1 only", "h=sha1; " + p, permerror, "h="},
      {"for mail", "s=email; " + p, pass, ""},
      {"for all", "s=*; " + p, pass, ""},
      {"for something else", "s=tlsrpt; " + p, permerror, "s="},
      {"revoked", "v=DKIM1; p=", permerror, "revoked"},
      {"no key", "v=DKIM1; k=rsa", permerror, "no p="},
      {"version not first", "k=rsa; v=DKIM1; " + p, permerror, "first"},
      {"another version", "v=DKIM2; " + p, permerror, "DKIM1"},
      {"another type", "v=DKIM1; k=ed25519; " + p, permerror, "k="},
      {"an unknown type", "v=DKIM1; k=dsa; " + p, permerror, "k="},
      {"a tag twice", "v=DKIM1; " + p + "; " + p, permerror, "p= occurs twice"},
      {"no base64", "v=DKIM1; p=!!!!", permerror, "base64"},
      {"no RSA key", "v=DKIM1; p=AAAA", permerror, "no RSA key"},
      {"bytes behind the key", "v=DKIM1; p=" + base64(*decode_dkim_base64(rsa_key().public_key()) + "x"), permerror,
       "no RSA key"},
      {"not for subdomains, and i= names one", "t=s; " + p, permerror, "t=s"},
      {"broken", "v=DKIM1; p", permerror, "cannot be read"},
      {"a record of 60 kB", "v=DKIM1; n=" + std::string(60000, 'x') + "; " + p, permerror, "too long"},
      {"something else", "v=spf1 -all", permerror, "there is no key at this selector, but something else: v=spf1 -all"},
      {"in quotation marks", "\"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ\"", permerror,
       "there is no key at this selector, but something else: \"v=DKIM1; k=rsa; p=MIGf"},
      {"version alone, in capitals", "V=DKIM1; K=rsa; P=MIGf", permerror, "but something else: V=DKIM1; K=rsa; P=MIGf"},
      {"version's value in small letters", "v=dkim1; p=MIGf", permerror, "v= is not DKIM1: v=dkim1; p=MIGf"},
      {"nothing", "", permerror, "no key at this selector"},
      {"another's key", "v=DKIM1; p=" + PrivateKey::rsa(1024).public_key(), DkimResult::fail, "another"},
  };
  for (const auto& test : cases) {
    const auto result = with_record(test.record);
    EXPECT_EQ(result.result, test.result) << test.name << ": " << result.problem;
    EXPECT_THAT(result.problem, HasSubstr(test.problem)) << test.name;
  }
}

TEST(DkimKey, TellsOfKeysInTesting) {
  EXPECT_TRUE(with_record("v=DKIM1; t=y; p=" + rsa_key().public_key()).testing);
  EXPECT_TRUE(with_record("v=DKIM1; t=x:y; p=" + rsa_key().public_key()).testing);
  const auto result = with_record("v=DKIM1; p=" + rsa_key().public_key());
  EXPECT_FALSE(result.testing);
  EXPECT_EQ(result.key_bits, 2048U);
}

TEST(DkimKey, RefusesEd25519KeysOfAnotherLengthAndOfAnotherType) {
  const auto& key = ed25519_key();
  const std::string algorithm = "ed25519-sha256";
  EXPECT_EQ(with_record(key_record(key, "k=ed25519; "), key, algorithm).result, DkimResult::pass);
  EXPECT_THAT(with_record("k=ed25519; p=" + base64(std::string(31, 'x')), key, algorithm).problem, HasSubstr("32"));
  EXPECT_THAT(with_record("k=ed25519; p=" + rsa_key().public_key(), key, algorithm).problem, HasSubstr("32"));
  EXPECT_THAT(with_record(key_record(rsa_key()), key, algorithm).problem, HasSubstr("another type"));
  EXPECT_THAT(with_record(key_record(key, "k=ed25519; ")).problem, HasSubstr("another type"));
}

TEST(DkimKey, ComputesNothingWithKeysThatAreTooSmallOrTooLarge) {
  for (const std::size_t bits : {16, 512, 768, 1023}) {
    const auto result = with_record("p=" + made_up_rsa_key(bits));
    EXPECT_EQ(result.result, DkimResult::policy) << bits << ": " << result.problem;
    EXPECT_THAT(result.problem, HasSubstr(std::to_string(bits) + " bits"));
  }
  for (const std::size_t bits : {8193, 16384}) {
    const auto result = with_record("p=" + made_up_rsa_key(bits));
    EXPECT_EQ(result.result, DkimResult::policy) << bits << ": " << result.problem;
  }
  for (const std::size_t bits : {1024, 4096, 8192}) {
    const auto result = with_record("p=" + made_up_rsa_key(bits));
    EXPECT_EQ(result.result, DkimResult::fail) << bits << ": " << result.problem;
  }
  const auto small = PrivateKey::rsa(512);
  EXPECT_EQ(with_record(key_record(small), small).result, DkimResult::policy);
}

TEST(DkimKey, RefusesExponentsThatAreNoneOrCostTooMuch) {
  for (const std::string& exponent : {std::string("\x01"), std::string("\x02"), std::string(1, '\0'), std::string(),
                                      std::string(9, '\x7f'), std::string(200, '\x7f')}) {
    EXPECT_EQ(with_record("p=" + made_up_rsa_key(2048, exponent)).result, DkimResult::permerror);
  }
}

struct AnswerCase {
  std::string name;
  Zone zone;
  DkimResult result;
  std::string problem;
};

TEST(DkimKey, JudgesTheAnswerOfDns) {
  const std::string name = "sel._domainkey.example.com";
  const std::string good = key_record();
  const std::string other = key_record(PrivateKey::rsa(1024));
  const std::vector<AnswerCase> cases = {
      {"a timeout", Zone().timeout(name), DkimResult::temperror, "did not answer in time"},
      {"a failure", Zone().error(name), DkimResult::temperror, "DNS failed"},
      {"no such name", Zone(), DkimResult::permerror, "no key at this selector"},
      {"no such record", Zone().exists(name), DkimResult::permerror, "no key at this selector"},
      {"an alias", Zone().cname(name, "key.example.net").txt("key.example.net", good), DkimResult::pass, ""},
      {"a key beside something else", Zone().txt(name, "v=spf1 -all").txt(name, good), DkimResult::pass, ""},
      {"the old key and the new", Zone().txt(name, other).txt(name, good), DkimResult::pass, ""},
      {"a revoked key and a good one", Zone().txt(name, "v=DKIM1; p=").txt(name, good), DkimResult::pass, ""},
      {"four keys", Zone().txt(name, other).txt(name, good).txt(name, other).txt(name, other), DkimResult::permerror,
       "more than three"},
      {"keys of two types", Zone().txt(name, key_record(ed25519_key(), "k=ed25519; ")).txt(name, good),
       DkimResult::pass, ""},
  };
  const auto message = signed_message(plain_message());
  for (const auto& test : cases) {
    const auto result = verify_one(message, test.zone);
    EXPECT_EQ(result.result, test.result) << test.name << ": " << result.problem;
    EXPECT_THAT(result.problem, HasSubstr(test.problem)) << test.name;
  }
}

TEST(DkimKey, ReadsRsaKeysInBothFormsAndNothingElse) {
  const auto spki = *decode_dkim_base64(rsa_key().public_key());
  const auto pkcs1 = *decode_dkim_base64(rsa_key().pkcs1_public_key());
  ASSERT_TRUE(parse_rsa_public_key(spki));
  ASSERT_TRUE(parse_rsa_public_key(pkcs1));
  EXPECT_EQ(parse_rsa_public_key(spki)->modulus, parse_rsa_public_key(pkcs1)->modulus);
  EXPECT_EQ(parse_rsa_public_key(spki)->modulus_bits(), 2048U);
  for (std::size_t size = 0; size < spki.size(); ++size) EXPECT_FALSE(parse_rsa_public_key(spki.substr(0, size)));
  for (std::size_t size = 0; size < pkcs1.size(); ++size) EXPECT_FALSE(parse_rsa_public_key(pkcs1.substr(0, size)));
  EXPECT_FALSE(parse_rsa_public_key(spki + "x"));
}

}  // namespace
}  // namespace connectord::auth
