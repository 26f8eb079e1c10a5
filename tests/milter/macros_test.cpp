#include "milter/macros.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace connectord::milter {
namespace {

using Macros = std::map<std::string, std::string>;

MacroLookup lookup_in(const Macros& macros) {
  return [&](const char* name) -> const char* {
    const auto found = macros.find(name);
    return found == macros.end() ? nullptr : found->second.c_str();
  };
}

TlsReport read(const Macros& macros) {
  return read_tls_macros(lookup_in(macros));
}

TEST(TlsMacros, SayNothingWithoutTls) {
  EXPECT_FALSE(read({{"{cert_subject}", "mail.contoso.com"}}).tls);
}

TEST(TlsMacros, ReadPostfixNamesAsTheyAre) {
  const auto report = read({{"{tls_version}", "TLSv1.3"},
                            {"{cipher}", "TLS_AES_256_GCM_SHA384"},
                            {"{cipher_bits}", "256"},
                            {"{cert_subject}", "mail+2Econtoso.com"},
                            {"{cert_issuer}", "Contoso Issuing CA"}});
  ASSERT_TRUE(report.tls);
  EXPECT_EQ(report.tls->version, model::TlsVersion::tls1_3);
  EXPECT_EQ(report.tls->cipher_bits, 256);
  EXPECT_EQ(report.certificate.subject_common_name, "mail+2Econtoso.com");
  EXPECT_EQ(report.certificate.issuer_common_name, "Contoso Issuing CA");
  EXPECT_FALSE(report.certificate.public_key_sha256) << "only the policy service tells fingerprints";
}

struct SendmailCase {
  std::string title;
  std::map<std::string, std::string> macros;
  std::string common_name;
  std::string whole_name;
};

TEST(TlsMacros, TrustSendmailsNamesOnlyWhenItDoes) {
  const std::string whole = "/C=DE/O=Contoso+20Ltd/CN=mail.contoso.com";
  for (const SendmailCase& one : std::vector<SendmailCase>{
           {"verified",
            {{"{verify}", "OK"}, {"{cert_subject}", whole}, {"{cn_subject}", "mail.contoso.com"}},
            "mail.contoso.com",
            "/C=DE/O=Contoso Ltd/CN=mail.contoso.com"},
           {"from the whole name",
            {{"{verify}", "OK"}, {"{cert_subject}", whole}},
            "mail.contoso.com",
            "/C=DE/O=Contoso Ltd/CN=mail.contoso.com"},
           {"an issuer's name told, so the subject has none",
            {{"{verify}", "OK"}, {"{cert_subject}", "/O=x/CN=mail.contoso.com"}, {"{cn_issuer}", "CA"}},
            "",
            "/O=x/CN=mail.contoso.com"},
           {"two common names",
            {{"{verify}", "OK"}, {"{cert_subject}", "/CN=mail.contoso.com/CN=evil"}},
            "",
            "/CN=mail.contoso.com/CN=evil"},
           {"not verified",
            {{"{verify}", "FAIL"}, {"{cert_subject}", whole}, {"{cn_subject}", "mail.contoso.com"}},
            "",
            ""},
           {"no certificate", {{"{verify}", "NO"}}, "", ""},
           {"a temporary failure", {{"{verify}", "TEMP"}, {"{cert_subject}", whole}}, "", ""}}) {
    auto macros = one.macros;
    macros["{tls_version}"] = "TLSv1.2";
    const auto report = read(macros);
    EXPECT_EQ(report.certificate.subject_common_name, one.common_name) << one.title;
    EXPECT_EQ(report.certificate.subject_name, one.whole_name) << one.title;
  }
}

TEST(TlsMacros, TakeSendmailsFingerprintIfItIsSha256) {
  std::string digits = "AB";
  std::string plain = "ab";
  for (int i = 1; i < 32; ++i) {
    digits += ":AB";
    plain += "ab";
  }
  auto report = read({{"{tls_version}", "TLSv1.2"}, {"{verify}", "OK"}, {"{cert_fp}", digits}});
  EXPECT_EQ(report.certificate.sha256, plain);
  report = read({{"{tls_version}", "TLSv1.2"},
                 {"{verify}", "OK"},
                 {"{cert_fp}", "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB"}});
  EXPECT_FALSE(report.certificate.sha256) << "MD5";
  EXPECT_NE(report.certificate.unknown_because.find("confCERT_FINGERPRINT_ALGORITHM"), std::string_view::npos);
  report = read({{"{tls_version}", "TLSv1.2"}, {"{verify}", "FAIL"}, {"{cert_fp}", digits}});
  EXPECT_EQ(report.certificate.sha256, "") << "nothing is trusted unless verify is OK";
  EXPECT_TRUE(report.certificate.distrusted);
  report = read({{"{tls_version}", "TLSv1.2"}, {"{verify}", "NO"}});
  EXPECT_FALSE(report.certificate.distrusted) << "none was shown";
}

TEST(SaslMacros, TakeNobodyForAUserWhoHasShownACertificateOnly) {
  struct Case {
    std::string title;
    Macros macros;
    std::string username;
  };
  for (const Case& one : std::vector<Case>{
           {"nobody", {}, ""},
           {"a password", {{"{auth_type}", "PLAIN"}, {"{auth_authen}", "carol"}}, "carol"},
           {"a certificate",
            {{"{auth_type}", "EXTERNAL"}, {"{auth_authen}", "/O+3DExample/CN+3Dmail.example.org"}},
            ""},
           {"in another case", {{"{auth_type}", "external"}, {"{auth_authen}", "carol"}}, ""},
           {"by an unknown mechanism", {{"{auth_authen}", "carol"}}, "carol"},
       }) {
    EXPECT_EQ(read_sasl_username(lookup_in(one.macros)), one.username) << one.title;
  }
}

TEST(MailServerName, IsWhatPostfixSaysAndSendmailIsNamed) {
  EXPECT_EQ(mail_server_name("Postfix 3.7.11"), "Postfix 3.7.11");
  EXPECT_EQ(mail_server_name("8.17.1.9"), "Sendmail 8.17.1.9");
  EXPECT_EQ(mail_server_name(""), "");
}

}  // namespace
}  // namespace connectord::milter
