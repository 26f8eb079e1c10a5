#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "connectord/probe/validate.h"
#include "dns/zone.h"
#include "scripted_network.h"
#include "tls/maker.h"

namespace connectord::probe {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// A partner, contoso, who must come over TLS from 127.0.0.2; and our server, which accepts.
class InboundValidation : public ::testing::Test {
 protected:
  InboundValidation() {
    connector_.name = "contoso";
    connector_.scenario = model::Scenario::partner;
    connector_.identify.sender_domains = {net::DomainPattern::parse("contoso.com").value()};
    connector_.require.tls = true;
    connector_.require.client_networks = {net::AddressRange::parse("127.0.0.2").value()};
    configuration_.server.host_name = "mx.example.net";
    configuration_.organization.accepted_domains = {net::DomainPattern::parse("example.net").value()};
    configuration_.authentication.spf = false;
    configuration_.authentication.dkim = false;
    configuration_.authentication.dmarc = model::DmarcMode::off;
    host_.tls = smtp::TlsSession{model::TlsVersion::tls1_3, "TLS_AES_256_GCM_SHA384", {}, {}, false};
    options_.host = "127.0.0.1";
    options_.port = 25;
    options_.source = net::IpAddress::parse("127.0.0.2");
  }

  Report validate() {
    configuration_.inbound.insert(configuration_.inbound.begin(), connector_);
    const engine::Policy policy(configuration_);
    dns::testing::ZoneResolver resolver(zone_);
    Services services{resolver, network_, {}};
    services.clock = [this] { return network_.now; };
    services.unix_time = [] { return tls::testing::now; };
    return validate_inbound(policy, "contoso", options_, services).value();
  }

  static std::string outcome(const Report& report) {
    return report.passed ? "passed" : std::string(to_string(report.obstacle)) + ": " + report.summary;
  }
  static std::vector<std::string> expectations(const Report& report) {
    std::vector<std::string> all;
    for (const Step& step : report.steps) all.push_back(std::string(step.finding.check) + ": " + step.finding.expected);
    return all;
  }
  static std::string hint_of_last(const Report& report) { return report.steps.back().finding.hint; }

  model::Configuration configuration_;
  model::InboundConnector connector_;
  dns::testing::Zone zone_;
  testing::ScriptedNetwork network_;
  testing::ScriptedHost& host_ = network_.host("127.0.0.1:25");
  InboundOptions options_;
};

TEST_F(InboundValidation, TellsWhatAMessageMustLookLike) {
  options_.host.clear();
  connector_.require.dmarc = model::Requirement::pass;
  const Report report = validate();
  EXPECT_TRUE(report.passed);
  EXPECT_THAT(expectations(report), Contains("identify.sender_domains: MAIL FROM of contoso.com"));
  EXPECT_THAT(expectations(report), Contains("require.tls: the message comes over TLS"));
  EXPECT_THAT(expectations(report), Contains("require.client_networks: the client's address is in 127.0.0.2"));
  EXPECT_THAT(expectations(report), Contains("require.dmarc: DMARC passes"));
  EXPECT_THAT(network_.connections, IsEmpty());
}

TEST_F(InboundValidation, GoesAsThePartnerWouldUpToRcpt) {
  EXPECT_EQ(outcome(validate()), "passed");
  EXPECT_TRUE(network_.was_said("MAIL FROM:<postmaster@contoso.com>"));
  EXPECT_TRUE(network_.was_said("RCPT TO:<postmaster@example.net>"));
  EXPECT_FALSE(network_.was_said("DATA"));
}

TEST_F(InboundValidation, ExplainsARefusalByTheFindingsThatForetellIt) {
  options_.source = net::IpAddress::parse("127.0.0.9");
  host_.replies = {{"RCPT", "550 5.7.1 Connector contoso does not allow mail from this address"}};
  const Report report = validate();
  EXPECT_THAT(outcome(report), StartsWith("rejected: rejected by partner at [127.0.0.1]:25: 127.0.0.9"));
  EXPECT_EQ(hint_of_last(report), "what failed above explains the reply");
}

TEST_F(InboundValidation, NoticesAServerThatDoesNotAskConnectord) {
  options_.source = net::IpAddress::parse("127.0.0.9");
  const Report report = validate();
  EXPECT_FALSE(report.passed);
  EXPECT_THAT(hint_of_last(report), HasSubstr("does not ask connectord"));
}

TEST_F(InboundValidation, NoticesAServerThatRefusesByItself) {
  host_.replies = {{"RCPT", "554 5.7.1 Relay access denied"}};
  const Report report = validate();
  EXPECT_THAT(outcome(report), HasSubstr("Relay access denied"));
  EXPECT_THAT(hint_of_last(report), HasSubstr("refuses by itself"));
}

TEST_F(InboundValidation, TellsWhichOtherConnectorHasTheMail) {
  model::InboundConnector other;
  other.name = "gateway";
  other.identify.client_networks = {net::AddressRange::parse("127.0.0.2").value()};
  other.trusted_path = true;
  configuration_.inbound = {other};
  const Report report = validate();
  EXPECT_THAT(outcome(report), StartsWith("other_route: mail not using the connector"));
  EXPECT_THAT(outcome(report), HasSubstr("gateway"));
}

TEST_F(InboundValidation, TellsOfMissingStarttls) {
  host_.replies = {{"EHLO", "250 mx"}};
  EXPECT_THAT(outcome(validate()), StartsWith("no_starttls: "));
}

// Our server asks for a certificate, and the partner has one, which the connector wants by its whole names as Sendmail
// passes them.
class CertificateValidation : public InboundValidation {
 protected:
  CertificateValidation() {
    std::ofstream(file_) << made_.pem();
    options_.identity = smtp::Identity{file_, file_};
    host_.tls->asked_for_certificate = true;
    connector_.require.certificate.emplace().subject = model::SubjectPattern{{}, "/CN=mx.contoso.com"};
    connector_.require.certificate->issuer = "/CN=mx.contoso.com";
  }
  ~CertificateValidation() override { std::remove(file_.c_str()); }

  void is_sendmail(const std::string& reply_to_rcpt) {
    host_.replies = {{"EHLO", "250-mx.example.net Hello [127.0.0.2], pleased to meet you\r\n250 STARTTLS"},
                     {"RCPT", reply_to_rcpt}};
  }

  tls::testing::Made made_{tls::testing::Wanted{}};
  const std::string file_ = ::testing::TempDir() + "connectord-identity-" + std::to_string(::getpid()) + ".pem";
};

TEST_F(CertificateValidation, ForetellsBySendmailsWholeNames) {
  is_sendmail("250 2.1.5 <postmaster@example.net>... Recipient ok");
  EXPECT_EQ(outcome(validate()), "passed");
}

TEST_F(CertificateValidation, ForetellsByCommonNamesForPostfix) {
  const Report report = validate();
  EXPECT_THAT(outcome(report), StartsWith("certificate: "));
  EXPECT_THAT(outcome(report), HasSubstr("subject mx.contoso.com, "));
  connector_.require.certificate.emplace().subject =
      model::SubjectPattern{net::DomainPattern::parse("mx.contoso.com").value(), "mx.contoso.com"};
  configuration_.inbound.clear();
  EXPECT_EQ(outcome(validate()), "passed");
}

TEST_F(CertificateValidation, KnowsThatSendmailPutsTheRecipientBeforeTheWords) {
  connector_.require.certificate->issuer = "/CN=another";
  is_sendmail(
      "550 5.7.1 <postmaster@example.net>... Connector contoso requires a client certificate of another issuer");
  const Report report = validate();
  EXPECT_THAT(outcome(report), StartsWith("certificate: "));
  EXPECT_EQ(hint_of_last(report), "what failed above explains the reply") << report.steps.back().finding.expected;
}

TEST_F(CertificateValidation, KnowsByTheReplyThatTheServerDoesNotTrustTheCertificate) {
  is_sendmail("550 5.7.1 <postmaster@example.net>... Connector contoso requires a trusted client certificate");
  const Report report = validate();
  EXPECT_THAT(outcome(report), StartsWith("certificate: "));
  EXPECT_THAT(hint_of_last(report), HasSubstr("does not trust the certificate"));
  connector_.require.certificate.emplace().subject =
      model::SubjectPattern{net::DomainPattern::parse("mx.contoso.com").value(), "mx.contoso.com"};
  configuration_.inbound.clear();
  host_.replies = {{"RCPT", "550 5.7.1 Connector contoso requires a trusted client certificate"}};
  EXPECT_THAT(hint_of_last(validate()), HasSubstr("does not trust the certificate"));
}

TEST_F(CertificateValidation, ForetellsThatSendmailTellsNoFingerprintOfTheKey) {
  connector_.require.certificate.emplace().fingerprints = {
      {model::Fingerprint::Of::public_key, made_.certificate().public_key_sha256}};
  EXPECT_EQ(outcome(validate()), "passed");
  configuration_.inbound.clear();
  is_sendmail(
      "451 4.7.1 <postmaster@example.net>... Connector contoso requires a client certificate's fingerprint, which "
      "is not known to us now");
  const Report report = validate();
  EXPECT_FALSE(report.passed);
  EXPECT_EQ(hint_of_last(report), "what failed above explains the reply") << report.steps.back().finding.expected;
}

TEST_F(CertificateValidation, KnowsByTheReplyThatSendmailTellsNoFingerprintAtAll) {
  connector_.require.certificate.emplace().fingerprints = {
      {model::Fingerprint::Of::certificate, made_.certificate().sha256}};
  is_sendmail(
      "451 4.7.1 <postmaster@example.net>... Connector contoso requires a client certificate's fingerprint, which is "
      "not known to us now");
  const Report report = validate();
  EXPECT_EQ(hint_of_last(report), "what failed above explains the reply");
  const auto failed = std::find_if(report.steps.begin(), report.steps.end(), [](const Step& step) {
    return step.finding.check == "require.certificate.fingerprints";
  });
  ASSERT_NE(failed, report.steps.end());
  EXPECT_THAT(failed->finding.hint, HasSubstr("confCERT_FINGERPRINT_ALGORITHM"));
}

TEST_F(InboundValidation, ReachesThisMachineOnly) {
  for (const char* host : {"198.51.100.7", "mx.contoso.com"}) {
    zone_.address("mx.contoso.com", "198.51.100.7");
    options_.host = host;
    configuration_.inbound.clear();
    EXPECT_THAT(outcome(validate()), StartsWith("not_allowed: ")) << host;
  }
  EXPECT_THAT(network_.connections, IsEmpty());
}

}  // namespace
}  // namespace connectord::probe
