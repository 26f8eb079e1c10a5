#include "outbound_fixture.h"

namespace connectord::probe {
namespace {

using model::TlsLevel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::OutboundValidation;
using testing::ScriptedHost;
using ::testing::StartsWith;

TEST_F(OutboundValidation, GoesAllTheWayToRcptAndSendsNothing) {
  ask(TlsLevel::match, {"mx.contoso.com"});
  const Report report = validate();
  EXPECT_EQ(outcome(report), "passed");
  EXPECT_THAT(network_.said, ElementsAre("EHLO mail.example.net", "STARTTLS", "TLS", "EHLO mail.example.net",
                                         "MAIL FROM:<>", "RCPT TO:<postmaster@contoso.com>", "RSET", "QUIT"));
  EXPECT_THAT(progress_, ElementsAre("outbound.route", "dns.address", "smtp.connect", "smtp.greeting", "smtp.ehlo",
                                     "smtp.starttls", "tls.version", "certificate.chain", "certificate.name",
                                     "certificate.validity", "smtp.ehlo", "smtp.mail", "smtp.rcpt"));
  ASSERT_EQ(report.certificates.size(), 1U);
  EXPECT_EQ(report.certificates[0].sha256, certificate_->certificate().sha256);
  EXPECT_EQ(find(report, "smtp.rcpt")->host, "mx.contoso.com [192.0.2.1]:25");
}

TEST_F(OutboundValidation, IsOfConnectorsThatAreThere) {
  const engine::Policy policy(configuration_);
  dns::testing::ZoneResolver resolver(zone_);
  EXPECT_FALSE(validate_outbound(policy, "nobody", {}, {resolver, network_, {}}));
}

// What a host does, and how it is called.
struct Trouble {
  const char* title;
  void (*make)(ScriptedHost&);
  const char* outcome;
};

class HostTrouble : public OutboundValidation, public ::testing::WithParamInterface<Trouble> {};

TEST_P(HostTrouble, IsNamedForWhatItIs) {
  ask(TlsLevel::require);
  GetParam().make(host());
  EXPECT_THAT(outcome(validate()), StartsWith(GetParam().outcome));
}

INSTANTIATE_TEST_SUITE_P(
    Outbound, HostTrouble,
    ::testing::Values(
        Trouble{"BlackHole",
                [](ScriptedHost& host) {
                  host.refuses_connection = {smtp::Failure::Kind::timed_out, {}};
                },
                "unreachable: host not reached at mx.contoso.com [192.0.2.1]:25: no answer within 15 s"},
        Trouble{"Refusal",
                [](ScriptedHost& host) {
                  host.refuses_connection = {smtp::Failure::Kind::refused, "the connection is refused"};
                },
                "unreachable: host not reached at mx.contoso.com [192.0.2.1]:25: the connection is refused"},
        Trouble{"Tarpit",
                [](ScriptedHost& host) {
                  host.greeting_fails = {smtp::Failure::Kind::timed_out, {}};
                },
                "not_ready: no SMTP service at mx.contoso.com [192.0.2.1]:25: no answer within 30 s"},
        Trouble{"HangsUp", [](ScriptedHost& host) { host.greeting = ""; },
                "not_ready: no SMTP service at mx.contoso.com [192.0.2.1]:25: the server closed the connection"},
        Trouble{"NoSmtp", [](ScriptedHost& host) { host.greeting = "SSH-2.0-OpenSSH_9\r\n"; },
                "not_ready: no SMTP service at mx.contoso.com [192.0.2.1]:25: not a reply of SMTP"},
        Trouble{"NoService", [](ScriptedHost& host) { host.greeting = "554 no\r\n"; }, "not_ready: "},
        Trouble{"Busy", [](ScriptedHost& host) { host.greeting = "421 later\r\n"; }, "deferred: "},
        Trouble{"NoStarttls",
                [](ScriptedHost& host) {
                  host.replies = {{"EHLO", "250 mx"}};
                },
                "no_starttls: STARTTLS not offered"},
        Trouble{"StarttlsRefused",
                [](ScriptedHost& host) {
                  host.replies = {{"STARTTLS", "502 no"}};
                },
                "tls_failed: TLS negotiation failed"},
        Trouble{"StarttlsLater",
                [](ScriptedHost& host) {
                  host.replies = {{"STARTTLS", "454 later"}};
                },
                "deferred: "},
        Trouble{"Injection",
                [](ScriptedHost& host) {
                  host.replies = {{"STARTTLS", "220 go\r\n250 injected"}};
                },
                "tls_failed: TLS negotiation failed at mx.contoso.com [192.0.2.1]:25: more came in the clear"},
        Trouble{"NoCommonVersion",
                [](ScriptedHost& host) {
                  host.handshake_fails = {smtp::Failure::Kind::tls, "unsupported protocol"};
                },
                "tls_failed: TLS negotiation failed at mx.contoso.com [192.0.2.1]:25: unsupported protocol"},
        Trouble{"Greylisting",
                [](ScriptedHost& host) {
                  host.replies = {{"RCPT", "450 4.7.1 Greylisted, try again"}};
                },
                "deferred: deferred by partner at mx.contoso.com [192.0.2.1]:25: 450 4.7.1 Greylisted"},
        Trouble{"NoSuchUser",
                [](ScriptedHost& host) {
                  host.replies = {{"RCPT", "550 5.1.1 no such user"}};
                },
                "rejected: rejected by partner at mx.contoso.com [192.0.2.1]:25: 550 5.1.1 no such user"},
        Trouble{"SenderRefused",
                [](ScriptedHost& host) {
                  host.replies = {{"MAIL", "553 5.1.8 no"}};
                },
                "rejected: "}),
    [](const auto& info) { return info.param.title; });

TEST_F(OutboundValidation, KnowsGreylistingByItsWords) {
  host().replies = {{"RCPT", "451 4.7.1 Greylisting in action"}};
  EXPECT_THAT(find(validate(), "smtp.rcpt")->finding.hint, HasSubstr("greylisting"));
}

TEST_F(OutboundValidation, ShowsNothingOfAPartnersThatATerminalObeys) {
  host().replies = {{"RCPT", "550 \x1b]0;title\x07 no"}};
  for (const Step& step : validate().steps) EXPECT_THAT(step.finding.seen, Not(HasSubstr("\x1b")));
}

TEST_F(OutboundValidation, WarnsOfASlowGreeting) {
  host().greeting_takes = std::chrono::seconds(8);
  const Report report = validate();
  EXPECT_EQ(outcome(report), "passed");
  // The connection was there at once, and the greeting was not.
  EXPECT_TRUE(warns(report, "smtp.greeting") || find(report, "smtp.connect")->took == std::chrono::seconds(8));
}

TEST_F(OutboundValidation, ChecksCertificatesAsFarAsTheLevelAsks) {
  struct Case {
    const char* title;
    TlsLevel level;
    tls::testing::Wanted wanted;
    bool passes;
  };
  const std::int64_t now = tls::testing::now;
  for (const Case& one :
       {Case{"the wrong name", TlsLevel::require, {.names = {"mx.fabrikam.com"}}, true},
        Case{"the wrong name", TlsLevel::verify, {.names = {"mx.fabrikam.com"}}, false},
        Case{"the wrong name", TlsLevel::match, {.names = {"mx.fabrikam.com"}}, false},
        Case{"the host's name, and another is to match", TlsLevel::match, {.names = {"mx2.contoso.com"}}, false},
        Case{"an end in the past",
             TlsLevel::require,
             {.names = {"mx.contoso.com"}, .not_after = now - tls::testing::day},
             true},
        Case{"an end in the past",
             TlsLevel::verify,
             {.names = {"mx.contoso.com"}, .not_after = now - tls::testing::day},
             false},
        Case{"all right", TlsLevel::verify, {.names = {"mx.contoso.com"}}, true}}) {
    ask(one.level,
        one.level == TlsLevel::match ? std::vector<std::string>{"mx.contoso.com"} : std::vector<std::string>());
    host().tls = session(one.wanted);
    configuration_.outbound.clear();
    EXPECT_THAT(outcome(validate()), StartsWith(one.passes ? "passed"
                                                           : "certificate: certificate not trusted or for "
                                                             "another name"))
        << one.title;
  }
}

TEST_F(OutboundValidation, DoesNotTrustWhatNoAuthorityVouchesFor) {
  const testing::Made alone({.names = {"mx.contoso.com"}});
  host().tls->chain = {alone.certificate()};
  ask(TlsLevel::match, {"mx.contoso.com"});
  const Report report = validate();
  EXPECT_THAT(outcome(report), HasSubstr("self-signed certificate"));
  EXPECT_THAT(find(report, "certificate.chain")->finding.hint, HasSubstr("outbound.tls.ca_file"));
  EXPECT_FALSE(network_.was_said("MAIL"));
}

TEST_F(OutboundValidation, TellsWhenTheAuthoritiesCannotBeRead) {
  ask(TlsLevel::verify);
  connector_.tls->ca_file = (folder_ / "nothing.pem").string();
  EXPECT_THAT(outcome(validate()), HasSubstr("cannot read"));
}

TEST_F(OutboundValidation, WarnsOfACertificateThatEndsSoon) {
  ask(TlsLevel::match, {"mx.contoso.com"});
  host().tls = session({.names = {"mx.contoso.com"}, .not_after = tls::testing::now + 20 * tls::testing::day});
  const Report report = validate();
  EXPECT_EQ(outcome(report), "passed");
  EXPECT_TRUE(warns(report, "certificate.validity"));
  EXPECT_THAT(find(report, "certificate.validity")->finding.seen, HasSubstr("20 days left"));
}

TEST_F(OutboundValidation, HoldsTheVersionAgainstTheLowestThatWillDo) {
  ask(TlsLevel::require);
  connector_.tls->version = model::TlsVersion::tls1_2;
  host().tls = session({}, model::TlsVersion::tls1_0);
  EXPECT_THAT(outcome(validate()), HasSubstr("TLS negotiation failed at mx.contoso.com [192.0.2.1]:25: TLSv1 with"));
  connector_.tls->version = model::TlsVersion::none;
  configuration_.outbound.clear();
  const Report report = validate();
  EXPECT_EQ(outcome(report), "passed");
  EXPECT_TRUE(warns(report, "tls.version"));
}

TEST_F(OutboundValidation, GoesOnInTheClearWhereTheConnectorLetsMailDoSo) {
  host().handshake_fails = {smtp::Failure::Kind::tls, "wrong version number"};
  const Report report = validate();
  EXPECT_EQ(outcome(report), "passed");
  EXPECT_TRUE(warns(report, "tls.handshake"));
  EXPECT_THAT(network_.connections, ElementsAre("192.0.2.1:25", "192.0.2.1:25"));
  EXPECT_TRUE(network_.was_said("RCPT"));
}

TEST_F(OutboundValidation, AsksWhetherTheCertificateWasRevoked) {
  ask(TlsLevel::match, {"mx.contoso.com"});
  options_.revocation = true;
  EXPECT_THAT(outcome(validate()), StartsWith("incomplete: not known"));
  EXPECT_TRUE(network_.wishes.back().ask_status);
  for (const auto& [status, expected] : std::vector<std::pair<int, std::string>>{
           {V_OCSP_CERTSTATUS_GOOD, "passed"}, {V_OCSP_CERTSTATUS_REVOKED, "certificate: certificate not trusted"}}) {
    host().tls->stapled = authority_.answer_about(*certificate_, status);
    configuration_.outbound.clear();
    EXPECT_THAT(outcome(validate()), StartsWith(expected));
  }
  host().tls->stapled.clear();
  options_.lists = authority_.list({certificate_.get()});
  configuration_.outbound.clear();
  EXPECT_THAT(outcome(validate()), HasSubstr("revoked, by the list"));
}

TEST_F(OutboundValidation, ShowsThePasswordOverTlsOnlyAndTellsItNobody) {
  connector_.route.credentials = "/etc/connectord/secrets/contoso";
  ask(TlsLevel::require);
  const Report report = validate();
  EXPECT_EQ(outcome(report), "passed");
  EXPECT_TRUE(network_.was_said("AUTH PLAIN AHVzZXIAZ2VoZWlt"));
  for (const Step& step : report.steps) {
    EXPECT_THAT(step.finding.seen + step.finding.expected + step.finding.hint, Not(HasSubstr("geheim")));
  }
  ask(TlsLevel::opportunistic);
  configuration_.outbound.clear();
  host().replies = {{"EHLO", "250-mx\r\n250 AUTH PLAIN"}};
  network_.said.clear();
  EXPECT_THAT(outcome(validate()), StartsWith("not_authenticated: "));
  EXPECT_FALSE(network_.was_said("AUTH"));
}

TEST_F(OutboundValidation, TellsOfCredentialsThatAreNotAcceptedOrCannotBeRead) {
  connector_.route.credentials = "/etc/connectord/secrets/contoso";
  ask(TlsLevel::require);
  host().replies = {{"AUTH", "535 5.7.8 no"}};
  EXPECT_THAT(outcome(validate()), StartsWith("not_authenticated: credentials not accepted"));
  credentials_ = tl::unexpected(std::string("others may use the file"));
  configuration_.outbound.clear();
  network_.connections.clear();
  EXPECT_THAT(outcome(validate()), HasSubstr("others may use the file"));
  EXPECT_THAT(network_.connections, IsEmpty());
}

TEST_F(OutboundValidation, LogsInWhereOnlyLoginIsOffered) {
  connector_.route.credentials = "/etc/connectord/secrets/contoso";
  ask(TlsLevel::require);
  host().replies = {{"EHLO", "250-mx\r\n250-STARTTLS\r\n250 AUTH LOGIN"},
                    {"AUTH LOGIN", "334 VXNlcm5hbWU6"},
                    {"dXNlcg==", "334 UGFzc3dvcmQ6"},
                    {"Z2VoZWlt", "235 ok"}};
  EXPECT_EQ(outcome(validate()), "passed");
}

TEST_F(OutboundValidation, TellsWhichOtherConnectorTheMailTakes) {
  model::OutboundConnector other = connector_;
  other.name = "closer";
  other.recipient_domains = {net::DomainPattern::parse("mail.contoso.com").value()};
  connector_.recipient_domains = {net::DomainPattern::parse("*.contoso.com").value()};
  configuration_.outbound = {other};
  options_.recipient = "user@mail.contoso.com";
  EXPECT_THAT(outcome(validate()), StartsWith("other_route: mail not using the connector: it leaves by closer"));
}

TEST_F(OutboundValidation, TellsWhyMailTakesTheServersOwnWay) {
  options_.recipient = "user@fabrikam.com";
  const Report report = validate();
  EXPECT_THAT(outcome(report), HasSubstr("no connector: it takes the mail server's own way"));
  EXPECT_THAT(find(report, "outbound.route")->finding.hint, HasSubstr("none of the connector's recipient_domains"));
}

TEST_F(OutboundValidation, TellsThatAnAddressLiteralHasNoConnector) {
  options_.recipient = "user@[192.0.2.1]";
  EXPECT_EQ(find(validate(), "outbound.route")->finding.hint, "no connector takes a recipient without a domain name");
}

TEST_F(OutboundValidation, TakesNoAddressThatIsMoreThanOne) {
  for (const char* address :
       {"a@contoso.com>\r\nDATA", "a b@contoso.com", "a@contoso.com>,<b@x", "nobody", "ä@contoso.com"}) {
    options_.recipient = address;
    configuration_.outbound.clear();
    EXPECT_THAT(outcome(validate()), StartsWith("incomplete: ")) << address;
  }
  EXPECT_THAT(network_.said, IsEmpty());
}

TEST_F(OutboundValidation, EndsWhenItsTimeIsOver) {
  connector_.route.smart_hosts.clear();
  for (int i = 0; i < 30; ++i) {
    const std::string name = "mx" + std::to_string(i) + ".contoso.com";
    zone_.mx("contoso.com", 10, name).address(name, "198.51.100." + std::to_string(i));
    host("198.51.100." + std::to_string(i) + ":25").greeting_fails = {smtp::Failure::Kind::timed_out, {}};
  }
  const Report report = validate();
  EXPECT_FALSE(report.passed);
  EXPECT_LE(report.took, Limits{}.whole);
  EXPECT_LE(network_.connections.size(), 10U);
}

}  // namespace
}  // namespace connectord::probe
