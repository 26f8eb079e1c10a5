#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "auth/dkim_opendkim.h"
#include "auth/dkim_signing.h"

// libopendkim and ours, each verifying what the other signed, on messages made at random (with a fixed seed) of the
// pieces that canonicalization is about. Lone CRs and LFs are left out: libopendkim forgets them, so that a body
// changed by them alone still passes there.
namespace connectord::auth {
namespace {

using model::DkimResult;
using namespace testing;  // NOLINT: this test's own helpers

using Random = std::mt19937;

std::string pieces(Random& random, const std::vector<std::string>& from, std::size_t most) {
  std::string text;
  for (std::size_t i = random() % most; i > 0; --i) text += from[random() % from.size()];
  return text;
}

Message random_message(Random& random) {
  Message message;
  const std::vector<std::string> values = {"a", "B c", "  ", "\t", "\r\n ", "\r\n\t", "x=y;", "\xc3\xa4", ":"};
  message.headers.push_back({"From", " a@example.com"});
  for (const char* name : {"Subject", "X-A", "x-a", "To"}) {
    message.headers.push_back({name, " v" + pieces(random, values, 8) + "z"});
  }
  // A field that no signature names: without one libopendkim counts its fields too short.
  message.headers.push_back({"X-Not-Signed", " "});
  message.body = pieces(random, {"a", "word", " ", "\t", "  ", "\r\n", "\r\n\r\n", std::string(3000, 'x')}, 40);
  if (!message.body.ends_with("\r\n")) message.body += "\r\n";
  return message;
}

TEST(DkimSecondOpinion, VerifiesWhatLibopendkimSigned) {
  const Opendkim opendkim;
  Random random(1);
  for (int i = 0; i < 300; ++i) {
    const bool rsa = i % 4 != 0;
    const auto& key = rsa ? rsa_key() : ed25519_key();
    const auto message = random_message(random);
    // libopendkim folds an Ed25519 signature anew after it has hashed its field, which the simple form does not
    // forgive.
    const int header_form = rsa ? static_cast<int>(random() % 2) : DKIM_CANON_RELAXED;
    const auto sent = opendkim.sign(message, key, header_form, static_cast<int>(random() % 2),
                                    rsa ? DKIM_SIGN_RSASHA256 : DKIM_SIGN_ED25519SHA256);
    const auto zone = zone_with(key_record(key, rsa ? "v=DKIM1; " : "v=DKIM1; k=ed25519; "));
    const auto result = verify(sent, zone, 4000000000, {}, 1 + random() % 100).front();
    EXPECT_EQ(result.result, DkimResult::pass) << result.problem << "\n" << sent.headers.front().second;
  }
}

TEST(DkimSecondOpinion, LibopendkimVerifiesWhatWeSign) {
  const Opendkim opendkim;
  Random random(2);
  for (int i = 0; i < 300; ++i) {
    const bool rsa = i % 4 != 0;
    const auto& key = rsa ? rsa_key() : ed25519_key();
    Signing signing;
    signing.key = &key;
    const char* const forms[] = {"simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"};
    signing.before = std::string(" v=1; a=") + (rsa ? "rsa" : "ed25519") +
                     "-sha256; d=example.com;\r\n\ts=sel; h=From:x-a:x-a:To:Subject; c=" + forms[random() % 4];
    const auto sent = signed_message(random_message(random), signing);
    EXPECT_TRUE(opendkim.verifies(sent, key_record(key, rsa ? "v=DKIM1; " : "v=DKIM1; k=ed25519; ")));
  }
}

}  // namespace
}  // namespace connectord::auth
