#include "connectord/mta/client_trust.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "connectord/mta/files.h"
#include "mta/postfix_fixture.h"

namespace connectord::mta {
namespace {

TEST(ClientTrust, IsNobodyWherePostfixHasNoAuthorities) {
  const ClientTrust trust = client_trust(test::postfix());
  EXPECT_TRUE(trust.anchors.empty());
  EXPECT_FALSE(trust.system);
  EXPECT_EQ(trust.words, "Postfix, which has neither smtp_tls_CAfile nor smtp_tls_CApath");
}

TEST(ClientTrust, IsTheSystemsTooWherePostfixSaysSo) {
  const ClientTrust trust = client_trust(test::postfix({{"tls_append_default_CA", "yes"}}));
  EXPECT_TRUE(trust.system);
  EXPECT_EQ(trust.words, "tls_append_default_CA = yes");
}

TEST(ClientTrust, NamesAFileThatCannotBeRead) {
  const ClientTrust trust = client_trust(test::postfix({{"smtp_tls_CAfile", "/nowhere/ca.pem"}}));
  EXPECT_EQ(trust.words, "smtp_tls_CAfile = /nowhere/ca.pem");
  EXPECT_NE(trust.problem.find("/nowhere/ca.pem"), std::string::npos);
}

TEST(ClientTrust, PassesOverWhatIsNoCertificateInAFolder) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "below");
  const ClientTrust trust = client_trust(test::postfix({{"smtp_tls_CApath", folder.path().string()}}));
  EXPECT_EQ(trust.problem, "");
}

}  // namespace
}  // namespace connectord::mta
