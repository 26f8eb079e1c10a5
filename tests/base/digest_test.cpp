#include "connectord/base/digest.h"

#include <gtest/gtest.h>

#include "connectord/base/base64.h"
#include "connectord/base/hexadecimal.h"
#include "connectord/base/time.h"

namespace connectord::base {
namespace {

// FIPS 180-4's example.
TEST(Digest, IsThatOfTheStandard) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("abc")), sha256_hex("abc"));
  EXPECT_EQ(to_hex(sha512("abc")).substr(0, 16), "ddaf35a193617aba");
}

// RFC 4648, 10.
TEST(Base64, HasItsPadding) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
}

TEST(Time, IsWrittenInUtc) {
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_text(1'795'262'400), "2026-11-21T12:00:00Z");
}

}  // namespace
}  // namespace connectord::base
