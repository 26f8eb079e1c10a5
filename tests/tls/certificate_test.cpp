#include "connectord/tls/certificate.h"

#include <gtest/gtest.h>

#include "maker.h"

namespace connectord::tls {
namespace {

using testing::Made;

TEST(Certificate, IsReadWithNamesTimesAndFingerprints) {
  const Made issuer = testing::authority();
  const Certificate certificate = Made({.names = {"mx.contoso.com", "*.contoso.com"}}, &issuer).certificate();
  EXPECT_EQ(certificate.subject, "/CN=mx.contoso.com");
  EXPECT_EQ(certificate.issuer_common_name, "Contoso Issuing CA");
  EXPECT_EQ(certificate.not_after, testing::now + 100 * testing::day);
  EXPECT_EQ(certificate.sha256.size(), 64U);
  EXPECT_NE(certificate.sha256, certificate.public_key_sha256);
  EXPECT_FALSE(certificate.self_signed);
  EXPECT_TRUE(issuer.certificate().self_signed);
  EXPECT_EQ(names_of(certificate), "mx.contoso.com, *.contoso.com");
}

TEST(Certificate, IsReadWholeOrNotAtAll) {
  const std::string der = Made({}).certificate().der;
  EXPECT_FALSE(read_certificate(""));
  EXPECT_FALSE(read_certificate("certificate"));
  EXPECT_FALSE(read_certificate(der.substr(0, der.size() - 1)));
  EXPECT_FALSE(read_certificate(der + "x"));
}

TEST(Certificate, IsReadFromPemBesideOtherThings) {
  const Made one({});
  const Made two({.common_name = "other"});
  const auto read = read_pem("# two\n" + one.pem() + two.pem());
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(read->front().sha256, one.certificate().sha256);
  EXPECT_FALSE(read_pem("no certificate"));
  EXPECT_FALSE(read_pem(one.key_pem()));
}

TEST(Certificate, NamesAServerAsPostfixComparesThem) {
  struct Case {
    const char* title;
    std::vector<std::string> names;
    const char* asked;
    bool matches;
  };
  for (const Case& one :
       {Case{"the name itself", {"mx.contoso.com"}, "mx.contoso.com", true},
        Case{"in another case", {"MX.Contoso.com"}, "mx.contoso.com", true},
        Case{"another name", {"mx.contoso.com"}, "mx.fabrikam.com", false},
        Case{"a wildcard for one label", {"*.contoso.com"}, "mx.contoso.com", true},
        Case{"not for two", {"*.contoso.com"}, "a.mx.contoso.com", false},
        Case{"not for none", {"*.contoso.com"}, "contoso.com", false},
        Case{"not for a part of a label", {"m*.contoso.com"}, "mx.contoso.com", false},
        Case{"any below", {"a.mx.contoso.com"}, ".contoso.com", true},
        Case{"below is not the domain itself", {"contoso.com"}, ".contoso.com", false},
        Case{"the common name does not count beside others", {"other.example"}, "mx.contoso.com", false},
        Case{"the common name where there is no other", {}, "mx.contoso.com", true},
        Case{"nothing", {"mx.contoso.com"}, "", false}}) {
    EXPECT_EQ(names_server(Made({.names = one.names}).certificate(), one.asked), one.matches) << one.title;
  }
}

TEST(Certificate, ShowsNoControlCharactersOfItsNames) {
  const Certificate certificate = Made({.common_name = "mx\x1b[31m.contoso.com"}).certificate();
  EXPECT_EQ(names_of(certificate), "mx?[31m.contoso.com (common name)");
}

}  // namespace
}  // namespace connectord::tls
