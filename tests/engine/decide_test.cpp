#include "connectord/engine/decide.h"

#include <gtest/gtest.h>

#include "builder.h"

namespace connectord::engine {
namespace {

using namespace test;  // NOLINT: short forms of connectors and facts
using model::TlsVersion;

const std::string pinned_key(64, 'a');
const std::string other_key(64, 'b');

struct DecisionCase {
  std::string title;
  model::Facts facts;
  std::string expected;
};

void expect_all(const Policy& policy, const std::vector<DecisionCase>& cases) {
  for (const DecisionCase& one : cases) {
    const model::Decision decision = decide(policy, one.facts);
    EXPECT_EQ(summary(decision), one.expected) << one.title;
    EXPECT_FALSE(decision.findings.empty()) << one.title << ": nothing decides without a finding";
  }
}

TEST(Decide, HoldsPartnersMailToAllThatItsConnectorRequires) {
  const auto policy =
      compile(configuration({partner("contoso")
                                 .from_domains({"contoso.com", "*.contoso.com"})
                                 .tls(TlsVersion::tls1_2)
                                 .require_certificate(certificate("*.contoso.com", "Contoso Issuing CA"))
                                 .require_networks({"203.0.113.0/24", "2001:db8:40::/48"})}));
  const auto good = [](const std::string& client, const std::string& sender = "a@contoso.com") {
    return from(client, sender).names("mail.contoso.com", "Contoso Issuing CA");
  };
  // The builder's tls() comes with a version; the connector's was set before its certificate.
  expect_all(
      *policy,
      {{"as it should be", good("203.0.113.9"), "accept contoso"},
       {"over IPv6", good("2001:db8:40::1"), "accept contoso"},
       {"IPv4 mapped into IPv6", good("::ffff:203.0.113.9"), "accept contoso"},
       {"a subdomain", good("203.0.113.9", "a@x.contoso.com"), "accept contoso"},
       {"no TLS", from("203.0.113.9", "a@contoso.com"), "550 5.7.10 contoso"},
       {"TLS too old", good("203.0.113.9").tls(TlsVersion::tls1_1), "550 5.7.10 contoso"},
       {"TLS just new enough", good("203.0.113.9").tls(TlsVersion::tls1_2), "accept contoso"},
       {"another's address", good("198.51.100.1"), "550 5.7.1 contoso"},
       {"mapped address of another", good("::ffff:198.51.100.1"), "550 5.7.1 contoso"},
       {"no certificate", from("203.0.113.9", "a@contoso.com").tls(), "550 5.7.1 contoso"},
       {"another subject", from("203.0.113.9", "a@contoso.com").names("mail.fabrikam.com", "Contoso Issuing CA"),
        "550 5.7.1 contoso"},
       {"a subject that only ends alike",
        from("203.0.113.9", "a@contoso.com").names("evilcontoso.com", "Contoso Issuing CA"), "550 5.7.1 contoso"},
       {"subject in upper case", from("203.0.113.9", "a@contoso.com").names("MAIL.Contoso.COM", "Contoso Issuing CA"),
        "accept contoso"},
       {"a wildcard certificate", from("203.0.113.9", "a@contoso.com").names("*.contoso.com", "Contoso Issuing CA"),
        "accept contoso"},
       {"another issuer", from("203.0.113.9", "a@contoso.com").names("mail.contoso.com", "Evil CA"),
        "550 5.7.1 contoso"},
       {"somebody else's mail", from("198.51.100.1", "a@fabrikam.com"), "accept -"}});
}

TEST(Decide, CannotBeByPassedByHowTheSenderIsWritten) {
  const auto policy = compile(configuration({partner("contoso").from_domains({"contoso.com", "*.contoso.com"}).tls(),
                                             partner("buecher").from_domains({"bücher.example"}).tls()}));
  const std::string refused = "550 5.7.10 contoso";
  expect_all(
      *policy,
      {{"upper case", from("192.0.2.1", "A@CONTOSO.COM"), refused},
       {"trailing dot", from("192.0.2.1", "a@contoso.com."), refused},
       {"source route", from("192.0.2.1", "@evil.example,@b.example:a@contoso.com"), refused},
       {"quoted local part with an at sign", from("192.0.2.1", "\"a@evil.example\"@contoso.com"), refused},
       {"quoted local part of another domain's mail", from("192.0.2.1", "\"a@contoso.com\"@evil.example"), "accept -"},
       {"quoted pair before the quote", from("192.0.2.1", "\"a\\\"@x\"@contoso.com"), refused},
       {"full-width letters", from("192.0.2.1", "a@ｃontoso.com"), refused},
       {"ideographic full stop", from("192.0.2.1", "a@contoso。com"), refused},
       {"U-label", from("192.0.2.1", "a@bücher.example"), "550 5.7.10 buecher"},
       {"U-label in upper case", from("192.0.2.1", "a@BÜCHER.example"), "550 5.7.10 buecher"},
       {"A-label", from("192.0.2.1", "a@xn--bcher-kva.example"), "550 5.7.10 buecher"},
       {"A-label in upper case", from("192.0.2.1", "a@XN--BCHER-KVA.example"), "550 5.7.10 buecher"},
       {"two at signs", from("192.0.2.1", "a@contoso.com@evil.example"), "553 5.1.7 -"},
       {"two at signs, the other way", from("192.0.2.1", "a@evil.example@contoso.com"), "553 5.1.7 -"},
       {"a quote that does not end", from("192.0.2.1", "\"a@contoso.com"), "553 5.1.7 -"},
       {"an empty label", from("192.0.2.1", "a@contoso..com"), "553 5.1.7 -"},
       {"a space behind the domain", from("192.0.2.1", "a@contoso.com "), "553 5.1.7 -"},
       {"a NUL in the domain", from("192.0.2.1", std::string("a@contoso.com\0.evil", 19)), "553 5.1.7 -"},
       {"a domain that only ends alike", from("192.0.2.1", "a@evilcontoso.com"), "accept -"},
       {"the partner's domain as a label", from("192.0.2.1", "a@contoso.com.evil.example"), "accept -"},
       {"the null sender is attributed by network and certificate only", from("192.0.2.1", ""), "accept -"}});
}

TEST(Decide, KeepsPartnersRequirementsHoweverElseTheMessageIsAttributed) {
  const auto policy = compile(
      configuration({partner("contoso").from_domains({"contoso.com"}).tls().require_networks({"203.0.113.0/24"}),
                     internet("hosting").from_networks({"198.51.100.0/24"}),
                     on_premises("cert").from_certificate(certificate("own.example")),
                     internet("gateway").from_networks({"192.0.2.10"}).trusted_path(),
                     internet("spoofable").from_domains({"*.fabrikam.com"}).trusted_path(),
                     partner("fabrikam").from_domains({"fabrikam.com"}).tls()}));
  expect_all(*policy,
             {{"through another connector's network", from("198.51.100.1", "a@contoso.com"), "550 5.7.10 hosting"},
              {"with another connector's certificate", from("198.51.100.1", "a@contoso.com").names("own.example", "CA"),
               "550 5.7.1 cert"},
              {"through a path that is trusted", from("192.0.2.10", "a@contoso.com"), "accept gateway"},
              {"from elsewhere", from("192.0.2.11", "a@contoso.com"), "550 5.7.10 contoso"},
              {"the other connector's own mail", from("198.51.100.1", "a@other.example"), "accept hosting"},
              {"trust that a sender address would give", from("192.0.2.99", "a@x.fabrikam.com"), "accept spoofable"},
              {"a name below a partner's exact one", from("192.0.2.99", "a@fabrikam.com"), "550 5.7.10 fabrikam"}});
}

TEST(Decide, GivesNoTrustedPathToWhomOnlyTheSenderDomainIdentifies) {
  const auto policy =
      compile(configuration({internet("claims").from_domains({"contoso.com"}).trusted_path().priority(1),
                             partner("contoso").from_domains({"contoso.com", "*.contoso.com"}).tls()}));
  EXPECT_EQ(summary(decide(*policy, from("192.0.2.1", "a@contoso.com"))), "550 5.7.10 claims");
}

TEST(Decide, AttributesByCertificateThenNetworkThenDomainAndThenTheMostSpecific) {
  const auto policy = compile(configuration(
      {internet("any").from_domains({"*"}), internet("wide").from_domains({"*.example.com"}),
       internet("longer").from_domains({"*.mail.example.com"}), internet("exact").from_domains({"mail.example.com"}),
       internet("net8").from_networks({"10.0.0.0/8"}), internet("net24").from_networks({"10.1.1.0/24"}),
       internet("range").from_networks({"10.1.1.5-10.1.1.20"}), internet("host").from_networks({"10.1.1.7"}),
       internet("v6").from_networks({"2001:db8::/32"}), internet("v6all").from_networks({"::/0"}),
       internet("cn").from_certificate(certificate("mx.example.org")),
       internet("cnwild").from_certificate(certificate("*.example.org")),
       internet("issuer").from_certificate(certificate("", "Big CA")),
       internet("both").from_certificate(certificate("mx.example.org", "Big CA")),
       internet("pinned").from_certificate(certificate("", "", {"spki-sha256:" + pinned_key}))}));
  const std::string nobody = "192.0.2.1";
  expect_all(*policy,
             {{"any domain", from(nobody, "a@other.example"), "accept any"},
              {"wildcard", from(nobody, "a@x.example.com"), "accept wide"},
              {"the wildcard's own name", from(nobody, "a@example.com"), "accept wide"},
              {"longest wildcard", from(nobody, "a@b.mail.example.com"), "accept longer"},
              {"exact before wildcard", from(nobody, "a@mail.example.com"), "accept exact"},
              {"network before domain", from("10.9.9.9", "a@mail.example.com"), "accept net8"},
              {"longest prefix", from("10.1.1.99", "a@x"), "accept net24"},
              {"a smaller range", from("10.1.1.6", "a@x"), "accept range"},
              {"a range's last address", from("10.1.1.20", "a@x"), "accept range"},
              {"behind the range", from("10.1.1.21", "a@x"), "accept net24"},
              {"one address", from("10.1.1.7", "a@x"), "accept host"},
              {"one address, mapped", from("::ffff:10.1.1.7", "a@x"), "accept host"},
              {"IPv6", from("2001:db8::1", "a@x"), "accept v6"},
              {"all of IPv6", from("2001:db9::1", "a@x"), "accept v6all"},
              {"all of IPv6 is no IPv4", from("172.16.0.1", "a@x"), "accept any"},
              {"certificate before network", from("10.1.1.7", "a@x").names("mx.example.org", "Small CA"), "accept cn"},
              {"wildcard subject", from(nobody, "").names("a.example.org", "Small CA"), "accept cnwild"},
              {"issuer alone", from(nobody, "").names("z.example", "Big CA"), "accept issuer"},
              {"subject and issuer", from(nobody, "").names("mx.example.org", "Big CA"), "accept both"},
              {"fingerprint before names",
               from(nobody, "").names("mx.example.org", "Big CA").fingerprints(other_key, pinned_key), "accept pinned"},
              {"names count over TLS only", from(nobody, "a@other.example"), "accept any"}});
}

TEST(Decide, TakesTheLowerPriorityAmongEquals) {
  const auto policy = compile(configuration({internet("b").from_domains({"x.example", "b.example"}).priority(200),
                                             internet("a").from_domains({"x.example"}).priority(50),
                                             internet("d").from_networks({"10.0.0.0/8", "10.9.0.0/16"}).priority(7),
                                             internet("c").from_networks({"10.0.0.0/8"}).priority(3)}));
  expect_all(*policy, {{"domain", from("192.0.2.1", "a@x.example"), "accept a"},
                       {"network", from("10.1.1.1", "a@x.example"), "accept c"},
                       {"specific before priority", from("10.9.1.1", "a@x.example"), "accept d"}});
}

TEST(Decide, RefusesNothingInAuditModeAndRecordsWhatItWouldHave) {
  const auto policy = compile(configuration({partner("contoso").from_domains({"contoso.com"}).tls().audit()}));
  const auto decision = decide(*policy, from("192.0.2.1", "a@contoso.com"));
  EXPECT_EQ(summary(decision), "accept contoso");
  ASSERT_NE(find(decision, "require.tls"), nullptr);
  EXPECT_EQ(find(decision, "require.tls")->outcome, model::Outcome::fail);
  ASSERT_NE(find(decision, "mode"), nullptr);
  EXPECT_NE(find(decision, "mode")->seen.find("550 5.7.10"), std::string::npos);
}

TEST(Decide, DefersWhatItCannotKnow) {
  const auto policy = compile(configuration(
      {partner("pinned")
           .from_domains({"pinned.example"})
           .require_certificate(certificate("", "", {"sha256:" + pinned_key, "spki-sha256:" + pinned_key}))}));
  expect_all(
      *policy,
      {{"the certificate", from("192.0.2.1", "a@pinned.example").fingerprints(pinned_key, other_key), "accept pinned"},
       {"its key", from("192.0.2.1", "a@pinned.example").fingerprints(other_key, pinned_key), "accept pinned"},
       {"another", from("192.0.2.1", "a@pinned.example").fingerprints(other_key, other_key), "550 5.7.1 pinned"},
       {"no certificate", from("192.0.2.1", "a@pinned.example").tls(), "550 5.7.1 pinned"},
       {"not told", from("192.0.2.1", "a@pinned.example").fingerprints_unknown(), "451 4.7.1 pinned"},
       {"not told, and not needed without TLS", from("192.0.2.1", "a@pinned.example"), "550 5.7.10 pinned"}});
}

TEST(Decide, DefersWhenAFingerprintMightPointToAnotherConnector) {
  const auto policy =
      compile(configuration({on_premises("branch").from_certificate(certificate("", "", {"spki-sha256:" + pinned_key})),
                             partner("contoso").from_domains({"contoso.com"}).tls()}));
  expect_all(*policy, {{"told", from("192.0.2.1", "a@x.example").fingerprints(other_key, pinned_key), "accept branch"},
                       {"not told", from("192.0.2.1", "a@x.example").fingerprints_unknown(), "451 4.7.1 -"},
                       {"no TLS, so no certificate", from("192.0.2.1", "a@x.example"), "accept -"}});
}

TEST(Decide, AnUnknownFingerprintDefersOnlyWhereTheNamesMatchAndSomethingWouldBeRefused) {
  const auto policy = compile(configuration(
      {on_premises("named").from_certificate(certificate("mx.example.org", "", {"spki-sha256:" + pinned_key})),
       on_premises("issued").from_certificate(certificate("", "Big CA", {"sha256:" + pinned_key})),
       on_premises("audited").from_certificate(certificate("", "", {"sha256:" + other_key})).audit()}));
  const auto unknown = [](const std::string& subject, const std::string& issuer) {
    return from("192.0.2.1", "a@x.example").names(subject, issuer).fingerprints_unknown();
  };
  expect_all(*policy, {{"the subject", unknown("mx.example.org", "Small CA"), "451 4.7.1 -"},
                       {"the issuer", unknown("z.example", "Big CA"), "451 4.7.1 -"},
                       {"neither", unknown("z.example", "Small CA"), "accept -"},
                       {"no names", unknown("", ""), "accept -"}});
}

TEST(Decide, SaysFailureRatherThanTemporaryErrorWhereBothAreSo) {
  const auto policy = compile(configuration({partner("p")
                                                 .from_domains({"p.example"})
                                                 .require_networks({"203.0.113.0/24"})
                                                 .require_certificate(certificate("", "", {"sha256:" + pinned_key}))}));
  EXPECT_EQ(summary(decide(*policy, from("192.0.2.1", "a@p.example").fingerprints_unknown())), "550 5.7.1 p");
  EXPECT_EQ(summary(decide(*policy, from("203.0.113.1", "a@p.example").fingerprints_unknown())), "451 4.7.1 p");
}

TEST(Decide, SaysOfACertificateThatIsNotTheOneWhichItIsAndWhatToWrite) {
  model::Configuration pinned =
      configuration({partner("pinned")
                         .from_domains({"pinned.example"})
                         .tls()
                         .require_certificate(certificate("", "", {"sha256:" + pinned_key}))});
  pinned.inbound.front().require.certificate->location = {std::make_shared<const std::string>("c.toml"), 12, 1};
  const auto policy = compile(pinned);
  struct {
    const char* what;
    FactsBuilder facts;
    std::string reply;
    std::string hint;
  } const cases[] = {
      {"another", from("192.0.2.1", "a@pinned.example").fingerprints(other_key, pinned_key),
       "Connector pinned requires a client certificate with another fingerprint",
       "if the partner has a new key, write fingerprints = [\"sha256:" + pinned_key + "\", \"sha256:" + other_key +
           "\"] in c.toml line 12, or: connectorctl update pinned --add "
           "require.certificate.fingerprints=sha256:" +
           other_key},
      {"none", from("192.0.2.1", "a@pinned.example").tls(),
       "Connector pinned requires a client certificate; none was shown",
       "the client showed no certificate: its server must be told which one to show (Postfix: smtp_tls_cert_file), and "
       "ours must ask for one (Postfix: smtpd_tls_ask_ccert = yes)"},
  };
  for (const auto& one : cases) {
    const model::Decision decision = decide(*policy, one.facts);
    EXPECT_EQ(decision.reply.value().text, one.reply) << one.what;
    EXPECT_EQ(decision.findings.back().hint, one.hint) << one.what;
  }
}

TEST(Decide, HoldsMailOfTwoPartnersDomainsToBoth) {
  const auto policy =
      compile(configuration({partner("all").from_domains({"*.contoso.com"}).tls(),
                             partner("mail").from_domains({"mail.contoso.com"}).require_networks({"203.0.113.0/24"})}));
  expect_all(*policy, {{"both hold", from("203.0.113.1", "a@mail.contoso.com").tls(), "accept mail"},
                       {"the wider does not", from("203.0.113.1", "a@mail.contoso.com"), "550 5.7.10 mail"},
                       {"the narrower does not", from("192.0.2.1", "a@mail.contoso.com").tls(), "550 5.7.1 mail"}});
}

TEST(Decide, LeavesSubmissionsAlone) {
  const auto policy = compile(configuration(
      {partner("contoso").from_domains({"contoso.com"}).tls(), on_premises("net").from_networks({"127.0.0.0/8"})}));
  expect_all(*policy, {{"authenticated", from("192.0.2.1", "a@contoso.com").user("alice"), "accept -"},
                       {"the sendmail command", from("127.0.0.1", "a@contoso.com").local(), "accept -"}});
}

TEST(Decide, RefusesDirectSendOnlyWhereItIsAskedTo) {
  model::Configuration made = configuration({on_premises("printer").from_networks({"192.0.2.50"})});
  made.organization.accepted_domains = domains({"example.net", "*.example.net"});
  const auto lenient = compile(made);
  made.organization.reject_direct_send = true;
  const auto strict = compile(made);
  EXPECT_EQ(summary(decide(*lenient, from("192.0.2.1", "a@example.net"))), "accept -");
  expect_all(*strict, {{"our domain from outside", from("192.0.2.1", "a@example.net"), "550 5.7.1 -"},
                       {"below our domain", from("192.0.2.1", "a@x.example.net"), "550 5.7.1 -"},
                       {"in upper case", from("192.0.2.1", "a@EXAMPLE.net."), "550 5.7.1 -"},
                       {"over a connector", from("192.0.2.50", "a@example.net"), "accept printer"},
                       {"authenticated", from("192.0.2.1", "a@example.net").user("alice"), "accept -"},
                       {"another's domain", from("192.0.2.1", "a@example.org"), "accept -"},
                       {"without a domain, which the MTA completes with ours", from("192.0.2.1", "ceo"), "550 5.7.1 -"},
                       {"a host that the MTA completes with ours", from("192.0.2.1", "ceo@mail"), "550 5.7.1 -"},
                       {"the same with a dot behind it", from("192.0.2.1", "ceo@mail."), "550 5.7.1 -"},
                       {"localhost", from("192.0.2.1", "root@localhost"), "550 5.7.1 -"},
                       {"a host, over a connector", from("192.0.2.50", "root@printer"), "accept printer"},
                       {"an address literal", from("192.0.2.1", "ceo@[192.0.2.1]"), "accept -"},
                       {"a bounce", from("192.0.2.1", ""), "accept -"}});
}

TEST(Decide, TakesNoDomainOfOneLabelFromStrangersWherePartnersAreKnownByTheirDomains) {
  const auto ours = on_premises("ours").from_networks({"192.0.2.50"});
  const auto gateway = internet("gateway").from_networks({"192.0.2.60"});
  const auto trusted = internet("trusted").from_networks({"192.0.2.61"}).trusted_path();
  model::InboundConnector filter = on_premises("filter").from_networks({"192.0.2.62"});
  filter.enhanced_filtering.emplace().skip_networks = networks({"192.0.2.62"});
  const auto contoso = partner("contoso").from_domains({"mail.example.net"}).from_networks({"192.0.2.70"}).tls();
  const auto strict = compile(configuration({ours, gateway, trusted, filter, contoso}));
  expect_all(*strict, {{"a stranger", from("198.51.100.1", "boss@mail"), "553 5.1.7 -"},
                       {"over TLS", from("198.51.100.1", "boss@mail").tls(), "553 5.1.7 -"},
                       {"in upper case", from("198.51.100.1", "boss@MAIL."), "553 5.1.7 -"},
                       {"localhost", from("198.51.100.1", "root@localhost"), "553 5.1.7 -"},
                       {"an address literal", from("198.51.100.1", "boss@[198.51.100.1]"), "accept -"},
                       {"a gateway that passes on others' mail", from("192.0.2.60", "boss@mail"), "553 5.1.7 gateway"},
                       {"a gateway that is looked through", from("192.0.2.62", "boss@mail"), "553 5.1.7 filter"},
                       {"a partner", from("192.0.2.70", "boss@mail").tls(), "553 5.1.7 contoso"},
                       {"a partner who fails already", from("192.0.2.70", "boss@mail"), "550 5.7.10 contoso"},
                       {"a host of ours", from("192.0.2.50", "root@mail"), "accept ours"},
                       {"a trusted path", from("192.0.2.61", "boss@mail"), "accept trusted"},
                       {"a user of ours", from("198.51.100.1", "boss@mail").user("alice"), "accept -"}});
}

TEST(Decide, TakesADomainOfOneLabelWhereNothingCouldBeBypassedByIt) {
  const auto stranger = from("198.51.100.1", "boss@mail");
  for (const auto& connectors : std::vector<std::vector<model::InboundConnector>>{
           {},
           {partner("audited").from_domains({"mail.example.net"}).tls().audit()},
           {partner("off").from_domains({"mail.example.net"}).tls().disabled()},
           {partner("by address").from_networks({"192.0.2.70"}).tls()},
           {internet("other").from_domains({"mail.example.net"}).tls()}}) {
    EXPECT_EQ(summary(decide(*compile(configuration(connectors)), stranger)), "accept -");
  }
  EXPECT_EQ(summary(decide(*compile(configuration({partner("all").from_domains({"*"}).tls()})), stranger)),
            "550 5.7.10 all");
}

TEST(Decide, DoesNotTakeAConnectorByASenderDomainForAHostOfOurs) {
  const auto policy = compile(configuration(
      {on_premises("named").from_domains({"mail"}), partner("contoso").from_domains({"mail.example.net"}).tls()}));
  EXPECT_EQ(summary(decide(*policy, from("198.51.100.1", "boss@mail"))), "553 5.1.7 named");
}

TEST(Decide, KnowsNoDisabledConnector) {
  const auto policy = compile(configuration({partner("contoso").from_domains({"contoso.com"}).tls().disabled()}));
  EXPECT_EQ(summary(decide(*policy, from("192.0.2.1", "a@contoso.com"))), "accept -");
}

TEST(Decide, TakesSendmailsWholeNames) {
  const auto policy =
      compile(configuration({partner("dn")
                                 .from_domains({"dn.example"})
                                 .require_certificate(certificate("/C=DE/O=Contoso/CN=mail.contoso.com",
                                                                  "/C=DE/O=Contoso/CN=Contoso Issuing CA"))}));
  expect_all(*policy,
             {{"the same",
               from("192.0.2.1", "a@dn.example")
                   .sendmail_names("/C=DE/O=Contoso/CN=mail.contoso.com", "/C=DE/O=Contoso/CN=Contoso Issuing CA"),
               "accept dn"},
              {"another",
               from("192.0.2.1", "a@dn.example")
                   .sendmail_names("/C=DE/O=Contosa/CN=mail.contoso.com", "/C=DE/O=Contoso/CN=Contoso Issuing CA"),
               "550 5.7.1 dn"}});
}

TEST(Decide, TellsTheClientNothingOfWhatIsAllowed) {
  const auto policy = compile(configuration(
      {partner("contoso")
           .from_domains({"contoso.com"})
           .require_networks({"203.0.113.0/24"})
           .require_certificate(certificate("secret.contoso.com", "Secret CA", {"sha256:" + pinned_key}))}));
  for (const model::Facts& facts : std::vector<model::Facts>{from("203.0.113.1", "a@contoso.com").names("x", "y"),
                                                             from("192.0.2.1", "a@contoso.com").names("x", "y"),
                                                             from("203.0.113.1", "a@contoso.com")}) {
    const auto reply = decide(*policy, facts).reply;
    ASSERT_TRUE(reply);
    for (const std::string& secret :
         {std::string("203.0.113"), std::string("secret"), std::string("Secret"), pinned_key}) {
      EXPECT_EQ(reply->text.find(secret), std::string::npos) << reply->text;
    }
    EXPECT_NE(reply->text.find("contoso"), std::string::npos) << reply->text;
  }
}

TEST(Decide, DoesNotMindAClientWithoutAnAddress) {
  const auto policy =
      compile(configuration({partner("contoso").from_domains({"contoso.com"}).require_networks({"0.0.0.0/0"})}));
  EXPECT_EQ(summary(decide(*policy, from("unknown", "a@contoso.com"))), "550 5.7.1 contoso");
}

// Whoever else has such a message may hand it over again, from elsewhere.
TEST(Decide, AsksNoPolicyAboutOurOwnMailFromThisMachine) {
  model::Configuration made = test::configuration({});
  made.authentication.dmarc = model::DmarcMode::enforce;
  made.server.mail_through = net::Endpoint{net::Endpoint::Kind::inet, {}, "192.0.2.25", 25};
  const auto policy = test::compile(std::move(made));
  for (const auto& [client, expected] : std::vector<std::pair<std::string, std::string>>{
           {"127.0.0.1", "accept -"}, {"192.0.2.25", "accept -"}, {"192.0.2.26", "550 5.7.1 -"}}) {
    model::Facts mail = test::from(client, "");
    mail.stage = model::Facts::Stage::message;
    mail.is_own_mail = true;
    mail.authentication.dmarc.emplace();
    mail.authentication.dmarc->result = model::DmarcResult::fail;
    mail.authentication.dmarc->policy = model::DmarcPolicy::reject;
    mail.authentication.dmarc->from_domain = "example.net";
    EXPECT_EQ(test::summary(decide(*policy, mail)), expected) << client;
  }
}

}  // namespace
}  // namespace connectord::engine
