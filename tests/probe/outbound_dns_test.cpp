// Where mail goes by DNS, what must not be reached, and what DNS says about TLS there.
#include "outbound_fixture.h"

namespace connectord::probe {
namespace {

using model::TlsLevel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::OutboundValidation;
using ::testing::StartsWith;

class ByMx : public OutboundValidation {
 protected:
  ByMx() {
    connector_.route.smart_hosts.clear();
    zone_.mx("contoso.com", 10, "mx.contoso.com");
  }
};

TEST_F(ByMx, TriesTheHostsInTheirOrderOfPreference) {
  zone_.mx("contoso.com", 5, "first.contoso.com").address("first.contoso.com", "198.51.100.1");
  host("198.51.100.1:25").tls = host().tls;
  EXPECT_EQ(outcome(validate()), "passed");
  EXPECT_THAT(network_.connections, ElementsAre("198.51.100.1:25", "192.0.2.1:25"));
}

TEST_F(ByMx, TakesTheDomainItselfWhereItHasNoMx) {
  options_.recipient = "user@bare.contoso.com";
  connector_.recipient_domains = {net::DomainPattern::parse("*.contoso.com").value()};
  zone_.address("bare.contoso.com", "192.0.2.1");
  EXPECT_EQ(outcome(validate()), "passed");
}

TEST_F(ByMx, TellsWhatDnsSays) {
  struct Case {
    const char* domain;
    const char* outcome;
  };
  connector_.recipient_domains = {net::DomainPattern::parse("*").value()};
  zone_.mx("null.example", 0, "").timeout("slow.example").mx("lost.example", 10, "mx.lost.example");
  zone_.mx("literal.example", 10, "127.0.0.1");
  for (const Case& one : {Case{"gone.example", "not_resolved: name not resolved: no such domain"},
                          Case{"slow.example", "not_resolved: name not resolved: timeout"},
                          Case{"null.example", "rejected: rejected by partner: the null MX"},
                          Case{"lost.example", "not_resolved: name not resolved at mx.lost.example:25"},
                          Case{"literal.example", "not_resolved: name not resolved: the address 127.0.0.1"},
                          Case{"127.0.0.1", "not_resolved: "}}) {
    options_.recipient = std::string("user@") + one.domain;
    configuration_.outbound.clear();
    EXPECT_THAT(outcome(validate()), StartsWith(one.outcome)) << one.domain;
  }
  EXPECT_THAT(network_.connections, IsEmpty());
}

TEST_F(ByMx, WantsARecipientWhereTheConnectorNamesNoDomain) {
  connector_.recipient_domains = {net::DomainPattern::parse("*").value()};
  options_.recipient.clear();
  const Report report = validate();
  EXPECT_THAT(outcome(report), StartsWith("incomplete: "));
  EXPECT_THAT(find(report, "dns.mx")->finding.hint, HasSubstr("--rcpt-to"));
}

TEST_F(ByMx, NeverGoesWhereDnsPointsInside) {
  for (const char* inside : {"127.0.0.1", "10.0.0.1", "192.168.0.1", "169.254.169.254", "::1", "fd00::1"}) {
    dns::testing::Zone zone;
    zone.mx("contoso.com", 10, "mx.contoso.com").address("mx.contoso.com", inside);
    zone_ = zone;
    configuration_.outbound.clear();
    const Report report = validate();
    EXPECT_THAT(outcome(report), StartsWith("not_allowed: address not allowed")) << inside;
    EXPECT_THAT(outcome(report), HasSubstr(inside));
  }
  EXPECT_THAT(network_.connections, IsEmpty());
}

TEST_F(OutboundValidation, GoesInsideWhereTheConnectorNamesTheAddressOrItsNetworkIsOurs) {
  connector_.route.smart_hosts = {{"10.0.0.1", false, 2525}};
  host("10.0.0.1:2525").tls = host().tls;
  EXPECT_EQ(outcome(validate()), "passed");
  connector_.route.smart_hosts = {{"inside.contoso.com", false, 2525}};
  zone_.address("inside.contoso.com", "10.0.0.1");
  configuration_.outbound.clear();
  EXPECT_THAT(outcome(validate()), StartsWith("not_allowed: "));
  configuration_.outbound.clear();
  configuration_.validation.private_networks = {net::AddressRange::parse("10.0.0.0/24").value()};
  EXPECT_EQ(outcome(validate()), "passed");
}

TEST_F(OutboundValidation, TriesEachAddressAndWarnsOfOneThatDoesNotAnswer) {
  zone_.address("mx.contoso.com", "2001:db8::1");
  const Report report = validate();
  EXPECT_EQ(outcome(report), "passed");
  EXPECT_THAT(network_.connections, ElementsAre("2001:db8::1:25", "192.0.2.1:25"));
  EXPECT_TRUE(warns(report, "smtp.connect"));
  host().refuses_connection = {smtp::Failure::Kind::refused, "the connection is refused"};
  configuration_.outbound.clear();
  EXPECT_THAT(outcome(validate()), StartsWith("unreachable: host not reached at mx.contoso.com:25: none of 2 answers"));
}

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

class ByDane : public ByMx {
 protected:
  ByDane() {
    ask(TlsLevel::dane);
    for (const char* name : {"contoso.com", "mx.contoso.com", "_25._tcp.mx.contoso.com"}) zone_.signed_at(name);
  }
  dns::Tlsa own_key() const { return {3, 1, 1, bytes_of(certificate_->certificate().public_key_sha256)}; }
};

TEST_F(ByDane, PassesWithACertificateThatSignedRecordsName) {
  zone_.tlsa("_25._tcp.mx.contoso.com", own_key());
  EXPECT_EQ(outcome(validate()), "passed");
  EXPECT_EQ(network_.wishes.back().server_name, "mx.contoso.com");
}

TEST_F(ByDane, FailsWithAnotherCertificate) {
  zone_.tlsa("_25._tcp.mx.contoso.com", {3, 1, 1, std::string(32, 'x')});
  EXPECT_THAT(outcome(validate()), StartsWith("certificate: "));
  EXPECT_FALSE(network_.was_said("MAIL"));
}

TEST_F(ByDane, FailsWithoutRecordsThatCount) {
  EXPECT_THAT(outcome(validate()), StartsWith("certificate: "));
  zone_.tlsa("_25._tcp.mx.contoso.com", {1, 1, 1, std::string(32, 'x')});
  configuration_.outbound.clear();
  EXPECT_THAT(outcome(validate()), HasSubstr("none of which counts"));
  EXPECT_THAT(network_.connections, IsEmpty());
}

TEST_F(ByDane, BelievesOnlyWhatDnsVouchesForAllTheWay) {
  for (const char* unsigned_one : {"contoso.com", "mx.contoso.com", "_25._tcp.mx.contoso.com"}) {
    dns::testing::Zone zone;
    zone.mx("contoso.com", 10, "mx.contoso.com").address("mx.contoso.com", "192.0.2.1");
    zone.tlsa("_25._tcp.mx.contoso.com", own_key());
    for (const char* name : {"contoso.com", "mx.contoso.com", "_25._tcp.mx.contoso.com"}) {
      if (name != std::string(unsigned_one)) zone.signed_at(name);
    }
    zone_ = zone;
    configuration_.outbound.clear();
    EXPECT_THAT(outcome(validate()), HasSubstr("which DNS does not vouch for")) << unsigned_one;
  }
}

TEST_F(ByDane, CountsWhereItIsOpportunisticToo) {
  zone_.tlsa("_25._tcp.mx.contoso.com", {3, 1, 1, std::string(32, 'x')});
  const auto outcome_with = [this](std::optional<model::DaneUse> use, bool delivery) {
    ask(TlsLevel::require);
    connector_.tls->dane = use;
    configuration_.delivery.dane = delivery;
    configuration_.outbound.clear();
    return outcome(validate());
  };
  EXPECT_EQ(outcome_with(std::nullopt, false), "passed");
  EXPECT_EQ(outcome_with(model::DaneUse::none, true), "passed");
  EXPECT_THAT(outcome_with(std::nullopt, true), StartsWith("certificate: "));
  EXPECT_THAT(outcome_with(model::DaneUse::opportunistic, false), StartsWith("certificate: "));
  EXPECT_THAT(outcome_with(model::DaneUse::mandatory, false), StartsWith("certificate: "));
}

TEST_F(ByMx, FailsWhereAPolicyMustBeThereAndIsNot) {
  ask(TlsLevel::sts);
  EXPECT_THAT(outcome(validate()), StartsWith("sts_policy: "));
  // TLSA records would do instead.
  configuration_.delivery.dane = true;
  configuration_.outbound.clear();
  const Report report = validate();
  EXPECT_EQ(outcome(report), "passed");
  EXPECT_TRUE(warns(report, "mta_sts.policy"));
}

// mx.contoso.com is an alias of edge.contoso.net, and that of host.contoso.net, which has the address.
class ByDaneOverAnAlias : public ByDane {
 protected:
  const std::string at_end = "_25._tcp.host.contoso.net";
  const std::string at_first = "_25._tcp.mx.contoso.com";
  const dns::Tlsa wrong_key = {3, 1, 1, std::string(32, 'x')};

  ByDaneOverAnAlias() { start({"contoso.com", "mx.contoso.com", "edge.contoso.net", at_end, at_first}); }

  void start(const std::vector<std::string>& signed_names) {
    zone_ = dns::testing::Zone()
                .mx("contoso.com", 10, "mx.contoso.com")
                .cname("mx.contoso.com", "edge.contoso.net")
                .cname("edge.contoso.net", "host.contoso.net")
                .address("host.contoso.net", "192.0.2.1");
    for (const std::string& name : signed_names) zone_.signed_at(name);
  }
  std::string outcome_now() {
    configuration_.outbound.clear();
    return outcome(validate());
  }
};

TEST_F(ByDaneOverAnAlias, FindsTheRecordsAtTheEndOfTheChain) {
  zone_.tlsa(at_end, own_key());
  const Report report = validate();
  EXPECT_EQ(outcome(report), "passed");
  EXPECT_EQ(find(report, "dane.tlsa")->finding.expected, "signed TLSA records of " + at_end);
  EXPECT_EQ(network_.wishes.back().server_name, "host.contoso.net");
}

TEST_F(ByDaneOverAnAlias, LooksAtTheFirstNameOnlyWhereThereAreNoneAtTheEnd) {
  zone_.tlsa(at_first, own_key());
  EXPECT_EQ(outcome_now(), "passed");
  EXPECT_EQ(network_.wishes.back().server_name, "mx.contoso.com");
  zone_.tlsa(at_end, wrong_key);
  EXPECT_THAT(outcome_now(), StartsWith("certificate: ")) << "what stands at the end counts";
  start({"contoso.com", "mx.contoso.com", "edge.contoso.net", at_end, at_first});
  EXPECT_THAT(outcome_now(), StartsWith("certificate: ")) << "there are none at all";
}

TEST_F(ByDaneOverAnAlias, BelievesNoEndThatDnsDoesNotVouchFor) {
  start({"contoso.com", "mx.contoso.com", at_end, at_first});
  zone_.tlsa(at_end, own_key());
  EXPECT_THAT(outcome_now(), StartsWith("certificate: "));
  zone_.tlsa(at_first, own_key());
  EXPECT_EQ(outcome_now(), "passed") << "the first alias is vouched for, and so are the records at its name";
  start({"contoso.com", "edge.contoso.net", at_end, at_first});
  zone_.tlsa(at_first, own_key());
  EXPECT_THAT(outcome_now(), HasSubstr("which DNS does not vouch for"));
}

TEST_F(ByDaneOverAnAlias, WaitsWhereDnsDoesNotTellNow) {
  zone_.tlsa(at_first, own_key()).timeout(at_end);
  EXPECT_THAT(outcome_now(), StartsWith("deferred: "));
  start({"contoso.com", "mx.contoso.com", "edge.contoso.net", at_end, at_first});
  zone_.tlsa(at_first, own_key()).error("edge.contoso.net", dns::Type::cname);
  EXPECT_THAT(outcome_now(), StartsWith("deferred: "));
  start({"contoso.com", "mx.contoso.com", at_first});
  zone_.cname("host.contoso.net", "mx.contoso.com");
  EXPECT_THAT(outcome_now(), StartsWith("deferred: ")) << "a chain without end";
}

TEST_F(ByDaneOverAnAlias, TakesACertificateOfEitherNameBelowAnAuthority) {
  const dns::Tlsa by_authority = {2, 1, 1, bytes_of(authority_.certificate().public_key_sha256)};
  for (const std::string& base : {at_end, at_first}) {
    for (const char* name : {"host.contoso.net", "mx.contoso.com", "contoso.com"}) {
      start({"contoso.com", "mx.contoso.com", "edge.contoso.net", at_end, at_first});
      zone_.tlsa(base, by_authority);
      host().tls = session({.names = {name}});
      EXPECT_EQ(outcome_now(), "passed") << base << ", " << name;
    }
    host().tls = session({.names = {"edge.contoso.net"}});
    EXPECT_THAT(outcome_now(), StartsWith("certificate: "));
  }
}

TEST_F(ByDane, OnlyWarnsWhereTheConnectorDoesNotAskForIt) {
  ask(TlsLevel::require);
  zone_.tlsa("_25._tcp.mx.contoso.com", {3, 1, 1, std::string(32, 'x')});
  const Report report = validate();
  EXPECT_EQ(outcome(report), "passed");
  EXPECT_TRUE(warns(report, "dane.certificate"));
}

// The policy's own host shows a certificate that the system does not trust, so no policy is ever had here; the
// scenarios on a real network have one that is.
TEST_F(ByMx, WarnsOfAnMtaStsPolicyThatCannotBeHad) {
  zone_.txt("_mta-sts.contoso.com", "v=STSv1; id=1").address("mta-sts.contoso.com", "198.51.100.9");
  host("198.51.100.9:443").tls = session({.names = {"mta-sts.contoso.com"}});
  host().tls = session({.names = {"mx.contoso.com"}});
  const Report report = validate();
  EXPECT_EQ(outcome(report), "passed");
  EXPECT_TRUE(warns(report, "mta_sts.policy"));
  EXPECT_EQ(find(report, "mta_sts.record")->finding.seen, "id 1");
}

TEST_F(ByMx, NeverFetchesAnMtaStsPolicyFromInside) {
  zone_.txt("_mta-sts.contoso.com", "v=STSv1; id=1").address("mta-sts.contoso.com", "127.0.0.1");
  const Report report = validate();
  EXPECT_EQ(find(report, "mta_sts.policy")->finding.seen, "127.0.0.1 is loopback");
  EXPECT_THAT(network_.connections, ElementsAre("192.0.2.1:25"));
}

}  // namespace
}  // namespace connectord::probe
