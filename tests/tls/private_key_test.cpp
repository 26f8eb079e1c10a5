#include "connectord/tls/private_key.h"

#include <gtest/gtest.h>

#include "maker.h"

namespace connectord::tls {
namespace {

TEST(PrivateKey, BelongsToTheCertificateThatWasMadeForIt) {
  const testing::Made one({});
  const testing::Made other({});
  EXPECT_EQ(public_key_sha256_of(one.key_pem()).value(), one.certificate().public_key_sha256);
  EXPECT_NE(public_key_sha256_of(one.key_pem()).value(), other.certificate().public_key_sha256);
}

TEST(PrivateKey, ThatCannotBeReadIsAnErrorAndAsksNobody) {
  const testing::Made made({});
  // Made by: openssl genpkey -algorithm ed25519 -aes128
  const std::string locked =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgpLCPSA4NHhwICCAAw\n"
      "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEFmvtRN3Ch50tlcu8K+tX9QEQD9f\n"
      "uw/0ZFekcI2ue62DdM4SKtaIU53dyuJVs0inMjum9WjKhdg4Qi6Tfr2c6UbKVuh2\n"
      "mUNopUK6gO1DDMXO5DQ=\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  for (const std::string& text : {std::string(), std::string("nonsense"), made.pem(), locked}) {
    EXPECT_EQ(public_key_sha256_of(text).error(), "there is no private key without a passphrase in PEM");
  }
}

}  // namespace
}  // namespace connectord::tls
