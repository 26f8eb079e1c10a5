#include "policyd/request.h"

#include <gtest/gtest.h>

namespace connectord::policyd {
namespace {

const std::string start = "request=smtpd_access_policy\nprotocol_state=RCPT\n";

TEST(PolicyRequest, ReadsWhatPostfixTells) {
  const auto request =
      parse_request(start +
                    "helo_name=mail.contoso.com\nsender=a@Contoso.com\nrecipient=user@example.net\n"
                    "client_address=::ffff:203.0.113.9\nclient_name=unknown\nclient_port=45678\nserver_port=25\n"
                    "instance=1.2.3\nqueue_id=4X\nccert_subject=mail.contoso.com\nccert_issuer=Contoso+20Issuing+20CA\n"
                    "ccert_fingerprint=\nccert_pubkey_fingerprint=" +
                    std::string(64, 'A') +
                    "\nencryption_protocol=TLSv1.2\nencryption_cipher=X\nencryption_keysize=128\nfrom_the_future=1\n");
  ASSERT_TRUE(request) << request.error();
  const model::Facts& facts = request->request.facts;
  EXPECT_EQ(facts.client_address->to_string(), "203.0.113.9");
  EXPECT_EQ(facts.client_port, 45678);
  EXPECT_EQ(request->request.server_port, 25);
  EXPECT_EQ(facts.client_name, "");
  EXPECT_EQ(facts.mail_from.domain, "contoso.com");
  EXPECT_EQ(facts.certificate.issuer_common_name, "Contoso Issuing CA");
  EXPECT_EQ(facts.certificate.sha256, "") << "no certificate";
  EXPECT_EQ(facts.certificate.public_key_sha256, std::string(64, 'a'));
  EXPECT_EQ(facts.tls->version, model::TlsVersion::tls1_2);
  EXPECT_EQ(facts.tls->cipher_bits, 128);
  EXPECT_EQ(request->protocol_state, "RCPT");
}

TEST(PolicyRequest, HasTheSenderInPostfixInternalForm) {
  struct Case {
    std::string sender;
    std::string domain;
    bool valid;
  };
  for (const Case& one : std::vector<Case>{{"first last@Contoso.com", "contoso.com", true},
                                           {"a@evil.example@contoso.com", "contoso.com", true},
                                           {"", "", true},
                                           {"cron", "", true},
                                           {"contoso.com!alice", "", false},
                                           {"alice%contoso.com", "", false},
                                           {"alice@con toso.com", "", false}}) {
    const auto request = parse_request(start + "sender=" + one.sender + "\n");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->request.facts.mail_from.domain, one.domain) << one.sender;
    EXPECT_EQ(request->request.facts.mail_from.valid, one.valid) << one.sender;
  }
}

TEST(PolicyRequest, KnowsThatAFingerprintOfAnotherDigestIsNotKnown) {
  const auto request = parse_request(start + "ccert_fingerprint=C2:9D:F4:87:71:73:73:D9:18:E7:C2:F3:C1:DA:6E:04\n");
  ASSERT_TRUE(request);
  EXPECT_FALSE(request->request.facts.certificate.sha256);
  EXPECT_NE(request->request.facts.certificate.unknown_because.find("smtpd_tls_fingerprint_digest"),
            std::string_view::npos);
}

TEST(PolicyRequest, SaysWhatIsWrongWithOneThatCannotBeRead) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "no \"request="},
      {"\n", "no \"request="},
      {"request=other\n", "no \"request="},
      {start + "nonsense\n", "without \"=\""},
      {start + std::string("sender=a\0b\n", 11), "NUL"},
      {start + "sender=a@contoso.com\nsender=b@other.example\n", "\"sender\" twice"},
  };
  for (const auto& [text, expected] : bad) {
    const auto request = parse_request(text);
    ASSERT_FALSE(request) << text;
    EXPECT_NE(request.error().find(expected), std::string::npos) << request.error();
  }
}

TEST(PolicyAnswer, IsOneLineInAnAccessTablesTerms) {
  EXPECT_EQ(format_answer({}), "DUNNO");
  EXPECT_EQ(format_answer({model::Action::reject, model::Reply{550, "5.7.1", "No"}}), "550 5.7.1 No");
  EXPECT_EQ(format_answer({model::Action::defer, model::Reply{451, "4.7.1", "Later\n\naction=OK"}}),
            "451 4.7.1 Later??action=OK");
  EXPECT_EQ(format_answer({model::Action::reject, model::Reply{550, "5.7.1", "N\xc3\xb6"}}), "550 5.7.1 N??");
}

}  // namespace
}  // namespace connectord::policyd
