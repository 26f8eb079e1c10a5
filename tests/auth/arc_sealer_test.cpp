#include "connectord/auth/arc_sealer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/dkim_signing.h"

namespace connectord::auth {
namespace {

using dns::testing::Zone;
using namespace testing;  // NOLINT: this test's own helpers
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

const DkimPrivateKey& sealing_key() {
  static const DkimPrivateKey key = *DkimPrivateKey::make(DkimAlgorithm::rsa_sha256);
  return key;
}

const DkimSigningIdentity& identity() {
  static const DkimSigningIdentity one{"example.net", "arc1", {}, sealing_key()};
  return one;
}

Zone zone() {
  Zone zone;
  zone.txt("arc1._domainkey.example.net", sealing_key().record());
  return zone;
}

const std::string results = "mx.example.net; dmarc=pass header.from=example.com;\n\tspf=pass smtp.mailfrom=example.com";

tl::expected<ArcFields, std::string> seal(const Message& message, ArcResult chain,
                                          const DkimSigningIdentity& with = identity()) {
  DkimHeaders headers(1 << 24);
  for (const auto& [name, value] : message.headers) headers.add(name, value);
  auto sealer = ArcSealer::begin(headers, with, chain);
  if (!sealer) return tl::unexpected(sealer.error());
  sealer->body(message.body);
  return sealer->finish(results, now);
}

// As a mail server sends it, with CRLF at its folds.
std::string sent(const std::string& value) {
  std::string text = " ";
  for (const char c : value) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return text;
}

Message sealed(Message message, ArcResult chain) {
  const auto fields = seal(message, chain);
  if (!fields) throw std::runtime_error(fields.error());
  message.headers.insert(message.headers.begin(), {{"ARC-Seal", sent(fields->seal)},
                                                   {"ARC-Message-Signature", sent(fields->message_signature)},
                                                   {"ARC-Authentication-Results", sent(fields->results)}});
  return message;
}

ArcOutcome validate(const Message& message) {
  ArcVerifier verifier({}, now);
  for (const auto& [name, value] : message.headers) verifier.header(name, value);
  verifier.end_of_headers();
  verifier.body(message.body);
  return dns::testing::run(zone(), [&](dns::DnsAnswers& answers) { return verifier.finish(answers); });
}

TEST(ArcSealer, MakesASetThatVerifies) {
  const auto message = sealed(plain_message(), ArcResult::none);
  const auto outcome = validate(message);
  EXPECT_EQ(outcome.result, ArcResult::pass) << outcome.problem;
  ASSERT_THAT(outcome.sets, SizeIs(1));
  EXPECT_EQ(outcome.sets[0].domain, "example.net");
  EXPECT_EQ(outcome.sets[0].selector, "arc1");
  EXPECT_THAT(outcome.sets[0].authentication_results,
              StartsWith("mx.example.net; dmarc=pass header.from=example.com;"));
}

TEST(ArcSealer, AddsToAChainAndCoversItsOwnChangesOfTheMessage) {
  Message message = plain_message();
  for (std::size_t i = 1; i <= 4; ++i) {
    message.body += "A disclaimer\r\n";
    message.headers.insert(message.headers.begin(), {"X-Changed", " " + std::to_string(i)});
    for (auto& [name, value] : message.headers) {
      if (name == "Subject") value = " [EXTERNAL]" + value;
    }
    message = sealed(message, i == 1 ? ArcResult::none : ArcResult::pass);
    const auto outcome = validate(message);
    EXPECT_EQ(outcome.result, ArcResult::pass) << i << ": " << outcome.problem;
    EXPECT_THAT(outcome.sets, SizeIs(i));
  }
}

TEST(ArcSealer, DoesNotSurviveAChangeAfterIt) {
  const Message good = sealed(sealed(plain_message(), ArcResult::none), ArcResult::pass);
  Message body = good;
  body.body += "x";
  EXPECT_EQ(validate(body).result, ArcResult::fail);
  Message from = good;
  from.headers.insert(from.headers.begin() + 6, {"From", " eve@example.org"});
  EXPECT_EQ(validate(from).result, ArcResult::fail);
  Message altered = good;
  altered.headers[2].second += " ";
  altered.headers[2].second.replace(altered.headers[2].second.find("pass"), 4, "fail");
  EXPECT_EQ(validate(altered).result, ArcResult::fail);
}

TEST(ArcSealer, SignsNoFieldsThatOthersWriteAboutTheMessage) {
  Message message = sealed(plain_message(), ArcResult::none);
  message.headers.insert(message.headers.begin(), {{"Authentication-Results", " x"}, {"DKIM-Signature", " v=1; x"}});
  const auto fields = seal(message, ArcResult::pass);
  ASSERT_TRUE(fields);
  const std::string& value = fields->message_signature;
  const std::string names = value.substr(value.find("h="), value.find("bh=") - value.find("h="));
  EXPECT_THAT(names, HasSubstr("DKIM-Signature"));
  EXPECT_THAT(names, Not(HasSubstr("ARC-")));
  EXPECT_THAT(names, Not(HasSubstr("Authentication-Results")));
}

TEST(ArcSealer, SaysOnceThatAChainIsBrokenAndThenNothing) {
  Message message = sealed(plain_message(), ArcResult::none);
  message.headers[2].second.replace(message.headers[2].second.find("pass"), 4, "fail");
  const auto fields = seal(message, ArcResult::fail);
  ASSERT_TRUE(fields);
  EXPECT_THAT(fields->seal, StartsWith("i=2; "));
  EXPECT_THAT(fields->seal, HasSubstr("cv=fail;"));
  message = sealed(message, ArcResult::fail);
  EXPECT_EQ(validate(message).result, ArcResult::fail);
  EXPECT_EQ(seal(message, ArcResult::fail).error(), "its ARC chain was broken before it came here");
  EXPECT_EQ(seal(message, ArcResult::pass).error(), "its ARC chain was broken before it came here");
}

TEST(ArcSealer, NeverCallsAChainNoneThatIsThere) {
  const auto fields = seal(sealed(plain_message(), ArcResult::none), ArcResult::none);
  ASSERT_TRUE(fields);
  EXPECT_THAT(fields->seal, HasSubstr("cv=fail;"));
}

TEST(ArcSealer, SealsNothingThatItCannotReadOrDoesNotKnow) {
  Message missing = sealed(plain_message(), ArcResult::none);
  missing.headers.erase(missing.headers.begin());
  EXPECT_THAT(seal(missing, ArcResult::fail).error(), HasSubstr("a field is missing of instance 1"));
  EXPECT_EQ(seal(plain_message(), ArcResult::temperror).error(), "its ARC chain could not be checked now");
  Message full = plain_message();
  for (int i = 0; i < 50; ++i) full = sealed(full, i == 0 ? ArcResult::none : ArcResult::pass);
  EXPECT_EQ(validate(full).result, ArcResult::pass);
  EXPECT_EQ(seal(full, ArcResult::pass).error(), "its ARC chain has 50 sets already");
  const DkimSigningIdentity edwards{"example.net", "e", {}, *DkimPrivateKey::make(DkimAlgorithm::ed25519_sha256)};
  EXPECT_THAT(seal(plain_message(), ArcResult::none, edwards).error(), HasSubstr("RSA keys only"));
}

}  // namespace
}  // namespace connectord::auth
