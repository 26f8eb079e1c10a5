#include "connectord/tls/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maker.h"

namespace connectord::tls {
namespace {

using testing::day;
using ::testing::HasSubstr;
using testing::Made;
using testing::now;

class ChainTest : public ::testing::Test {
 protected:
  const Made root_ = testing::authority("Root");
  const Made middle_ = Made({.common_name = "Issuing", .authority = true}, &root_);
  const Made server_ = Made({.names = {"mx.contoso.com"}}, &middle_);
  const Chain chain_ = {server_.certificate(), middle_.certificate()};
  const TrustStore store_ = TrustStore::of({root_.certificate()}).value();
};

TEST_F(ChainTest, IsTrustedUpToAnAuthority) {
  const ChainVerdict verdict = verify(chain_, store_, now);
  EXPECT_EQ(verdict.problem, "");
  EXPECT_EQ(verdict.out_of_date, "");
  EXPECT_EQ(verdict.anchor, "/CN=Root");
}

TEST_F(ChainTest, IsNotTrustedWhereItsMiddleIsMissing) {
  EXPECT_THAT(verify({chain_[0]}, store_, now).problem, HasSubstr("unable to get local issuer certificate"));
}

TEST_F(ChainTest, IsNotTrustedByASelfSignedCertificateAStrangerOrAnImpostor) {
  const Made alone({});
  EXPECT_THAT(verify({alone.certificate()}, store_, now).problem, HasSubstr("self-signed certificate"));
  const Made impostor = testing::authority("Root");
  EXPECT_FALSE(verify({Made({}, &impostor).certificate()}, store_, now).trusted());
  EXPECT_FALSE(verify({}, store_, now).trusted());
}

TEST_F(ChainTest, IsNotTrustedThroughACertificateThatIsNoAuthority) {
  const Made below({.common_name = "mx.victim.example"}, &server_);
  EXPECT_FALSE(verify({below.certificate(), chain_[0], chain_[1]}, store_, now).trusted());
}

TEST_F(ChainTest, TellsWhatIsOutOfDateApartFromTrust) {
  const Made old({.not_after = now - day}, &middle_);
  const ChainVerdict verdict = verify({old.certificate(), chain_[1]}, store_, now);
  EXPECT_TRUE(verdict.trusted());
  EXPECT_THAT(verdict.out_of_date, HasSubstr("expired"));
  EXPECT_EQ(verify({old.certificate(), chain_[1]}, store_, now - 2 * day).out_of_date, "");
  const Made later({.not_before = now + day}, &middle_);
  EXPECT_THAT(verify({later.certificate(), chain_[1]}, store_, now).out_of_date, HasSubstr("not yet valid"));
}

TEST_F(ChainTest, EndsAtACertificateThatIsTrustedByItself) {
  const auto store = TrustStore::of({middle_.certificate()}).value();
  EXPECT_TRUE(verify(chain_, store, now).trusted());
  const Made alone({});
  EXPECT_TRUE(verify({alone.certificate()}, TrustStore::of({alone.certificate()}).value(), now).trusted());
}

TEST_F(ChainTest, IsLookedUpInListsOfRevokedCertificates) {
  EXPECT_EQ(check_lists(chain_, middle_.list({&server_}), store_, now).status, Revocation::revoked);
  EXPECT_EQ(check_lists(chain_, middle_.list({}), store_, now).status, Revocation::good);
  EXPECT_EQ(check_lists(chain_, root_.list({}) + middle_.list({}), store_, now).status, Revocation::good);
  for (const std::string& unusable :
       {std::string(), std::string("no list"), root_.list({&server_}), middle_.list({}, now - day)}) {
    EXPECT_EQ(check_lists(chain_, unusable, store_, now).status, Revocation::unknown) << unusable;
  }
}

TEST_F(ChainTest, IsGoodOrRevokedByAStapledAnswerOfItsIssuerOnly) {
  const auto status = [&](const std::string& answer) { return check_stapled(chain_, answer, store_, now).status; };
  EXPECT_EQ(status(middle_.answer_about(server_, V_OCSP_CERTSTATUS_GOOD)), Revocation::good);
  EXPECT_EQ(status(middle_.answer_about(server_, V_OCSP_CERTSTATUS_REVOKED)), Revocation::revoked);
  EXPECT_EQ(status(middle_.answer_about(server_, V_OCSP_CERTSTATUS_UNKNOWN)), Revocation::unknown);
  EXPECT_EQ(status(middle_.answer_about(server_, V_OCSP_CERTSTATUS_GOOD, now - 3 * day, now - 2 * day)),
            Revocation::unknown);
  EXPECT_EQ(status(middle_.answer_about(server_, V_OCSP_CERTSTATUS_GOOD, now + day, now + 2 * day)),
            Revocation::unknown);
  const Made other({}, &middle_);
  EXPECT_EQ(status(middle_.answer_about(other, V_OCSP_CERTSTATUS_GOOD)), Revocation::unknown);
  const Made impostor({.common_name = "Issuing", .authority = true}, &root_);
  EXPECT_EQ(status(impostor.answer_about(server_, V_OCSP_CERTSTATUS_GOOD)), Revocation::unknown);
  EXPECT_EQ(status(""), Revocation::unknown);
  EXPECT_EQ(status("garbage"), Revocation::unknown);
}

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

TEST_F(ChainTest, IsMatchedByTlsaRecords) {
  const Certificate& server = chain_[0];
  const Certificate& middle = chain_[1];
  const std::vector<std::string> names = {"mx.contoso.com"};
  struct Case {
    const char* title;
    dns::Tlsa record;
    bool matches;
  };
  for (const Case& one :
       {Case{"the server's key", {3, 1, 1, bytes_of(server.public_key_sha256)}, true},
        Case{"the server's certificate", {3, 0, 1, bytes_of(server.sha256)}, true},
        Case{"the server's certificate, whole", {3, 0, 0, server.der}, true},
        Case{"another key", {3, 1, 1, bytes_of(middle.public_key_sha256)}, false},
        Case{"the authority's key", {2, 1, 1, bytes_of(middle.public_key_sha256)}, true},
        Case{"an authority that the server leaves out", {2, 0, 0, root_.certificate().der}, true},
        Case{"the server's own key as an authority", {2, 1, 1, bytes_of(server.public_key_sha256)}, false},
        Case{"a usage that does not count for SMTP", {1, 1, 1, bytes_of(server.public_key_sha256)}, false},
        Case{"an unknown digest", {3, 1, 9, bytes_of(server.public_key_sha256)}, false},
        Case{"a digest that is cut short", {3, 1, 1, bytes_of(server.public_key_sha256).substr(1)}, false}}) {
    EXPECT_EQ(check_dane(chain_, {one.record}, names, now).problem.empty(), one.matches) << one.title;
  }
}

TEST_F(ChainTest, NeedsANameAndATimeForDaneByAuthorityAndNeitherByItsOwnKey) {
  const Made old({.names = {"other.example"}, .not_after = now - day}, &middle_);
  const Chain chain = {old.certificate(), middle_.certificate()};
  const dns::Tlsa authority{2, 1, 1, bytes_of(middle_.certificate().public_key_sha256)};
  const dns::Tlsa own{3, 1, 1, bytes_of(old.certificate().public_key_sha256)};
  EXPECT_EQ(check_dane(chain, {own}, {"mx.contoso.com"}, now).problem, "");
  EXPECT_THAT(check_dane(chain, {authority}, {"other.example"}, now).problem, HasSubstr("expired"));
  EXPECT_THAT(check_dane(chain, {authority}, {"mx.contoso.com"}, now - 2 * day).problem, HasSubstr("other.example"));
  EXPECT_EQ(check_dane(chain, {authority, own}, {"mx.contoso.com"}, now).problem, "");
  EXPECT_EQ(check_dane({}, {own}, {}, now).problem, "no certificate");
}

}  // namespace
}  // namespace connectord::tls
