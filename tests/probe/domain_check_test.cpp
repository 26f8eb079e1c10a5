#include "connectord/probe/domain_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "dns/zone.h"
#include "scripted_network.h"
#include "tls/maker.h"

namespace connectord::probe {
namespace {

using auth::DkimAlgorithm;
using auth::DkimPrivateKey;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// A domain that publishes all that it should, with one host, which does all right; tests change it.
class DomainCheck : public ::testing::Test {
 protected:
  DomainCheck() {
    options_.domain = "example.net";
    options_.host_name = "mx.example.net";
    options_.senders = {net::IpAddress::parse("192.0.2.1").value()};
    options_.selectors = {{"example.net", "s1", key_}};
    zone_.mx("example.net", 10, "mx.example.net").address("mx.example.net", "192.0.2.1");
    zone_.reverse("192.0.2.1", "mx.example.net");
    zone_.txt("_smtp._tls.example.net", "v=TLSRPTv1; rua=mailto:tls@example.net");
    network_.host("192.0.2.1:25").tls =
        smtp::TlsSession{model::TlsVersion::tls1_3, "TLS_AES_256_GCM_SHA384", {certificate_.certificate()}, {}, false};
  }

  void publish_all_but_dmarc() {
    spf("v=spf1 mx -all");
    dkim(key_->record());
  }
  void publish_all() {
    publish_all_but_dmarc();
    dmarc("v=DMARC1; p=reject; rua=mailto:dmarc@example.net");
  }
  void spf(const std::string& text) { zone_.txt("example.net", text); }
  void dkim(const std::string& text) { zone_.txt("s1._domainkey.example.net", text); }
  void dmarc(const std::string& text) { zone_.txt("_dmarc.example.net", text); }

  DomainReport check() {
    dns::testing::ZoneResolver resolver(zone_);
    Services services{resolver, network_, {}};
    services.clock = [this] { return network_.now; };
    services.unix_time = [] { return tls::testing::now; };
    return check_domain(options_, services);
  }

  // "fail: none", "warning: …", "pass: …"; the last of that name. Empty: there was none.
  static std::string seen(const DomainReport& report, std::string_view check) {
    std::string text;
    for (const Step& step : report.report.steps) {
      if (step.finding.check != check) continue;
      text = std::string(step.warning ? "warning" : to_string(step.finding.outcome)) + ": " + step.finding.seen;
    }
    return text;
  }
  static std::vector<std::string> lines(const DomainReport& report) {
    std::vector<std::string> all;
    for (const Publication& each : report.publish) all.push_back(each.line);
    return all;
  }

  inline static const std::optional<DkimPrivateKey> key_ = DkimPrivateKey::make(DkimAlgorithm::ed25519_sha256);
  const tls::testing::Made certificate_{tls::testing::Wanted{.names = {"mx.example.net"}}, nullptr};
  dns::testing::Zone zone_;
  testing::ScriptedNetwork network_;
  DomainOptions options_;
};

TEST_F(DomainCheck, PassesWhereAllIsPublished) {
  publish_all();
  const DomainReport report = check();
  EXPECT_TRUE(report.report.passed) << report.report.summary;
  for (const char* check :
       {"spf.record", "spf.syntax", "spf.lookups", "spf.sender", "spf.all", "dkim.record", "dkim.match", "dmarc.record",
        "dmarc.policy", "smtp.rcpt", "tlsrpt.record", "dns.reverse"}) {
    EXPECT_THAT(seen(report, check), StartsWith("pass: ")) << check;
  }
  EXPECT_THAT(report.report.summary, StartsWith("nothing is wrong"));
}

TEST_F(DomainCheck, SaysWhatToPublishWhereNothingIs) {
  const DomainReport report = check();
  EXPECT_FALSE(report.report.passed);
  EXPECT_EQ(seen(report, "spf.record"), "fail: none");
  EXPECT_EQ(seen(report, "dmarc.record"), "fail: none");
  EXPECT_EQ(seen(report, "dkim.record"), "fail: none");
  EXPECT_THAT(lines(report), Contains("example.net. IN TXT ( \"v=spf1 mx ip4:192.0.2.1 -all\" )"));
  EXPECT_THAT(lines(report),
              Contains("_dmarc.example.net. IN TXT ( \"v=DMARC1; p=none; rua=mailto:postmaster@example.net\" )"));
  EXPECT_THAT(lines(report), Contains("s1._domainkey.example.net. IN TXT ( \"" + key_->record() + "\" )"));
  EXPECT_THAT(lines(report), Contains(StartsWith("_mta-sts.example.net. IN TXT ( \"v=STSv1; id=")));
}

TEST_F(DomainCheck, FindsASenderThatSpfDoesNotNameAndSaysTheWholeRecord) {
  publish_all();
  options_.senders.push_back(net::IpAddress::parse("2001:db8::7").value());
  const DomainReport report = check();
  EXPECT_THAT(seen(report, "spf.sender"), StartsWith("fail: fail by -all"));
  EXPECT_THAT(lines(report), Contains("example.net. IN TXT ( \"v=spf1 ip6:2001:db8::7 mx -all\" )"));
  EXPECT_EQ(seen(report, "dns.reverse"), "fail: none");
  EXPECT_THAT(lines(report), Contains(HasSubstr(".ip6.arpa. IN PTR mx.example.net.")));
}

struct SpfCase {
  const char* record;
  const char* check;
  const char* seen;
};

class JudgedSpf : public DomainCheck, public ::testing::WithParamInterface<SpfCase> {};

TEST_P(JudgedSpf, IsToldByItsFault) {
  spf(GetParam().record);
  zone_.address("a.example.net", "192.0.2.9");
  EXPECT_THAT(seen(check(), GetParam().check), StartsWith(GetParam().seen));
}

INSTANTIATE_TEST_SUITE_P(
    DomainCheck, JudgedSpf,
    ::testing::Values(
        SpfCase{"v=spf1 +all", "spf.all", "fail: pass"}, SpfCase{"v=spf1 mx ?all", "spf.all", "warning: neutral"},
        SpfCase{"v=spf1 mx", "spf.all", "warning: nothing"}, SpfCase{"v=spf1 mx ~all", "spf.all", "pass: softfail"},
        SpfCase{"v=spf1 ipv4:192.0.2.1 -all", "spf.syntax", "fail: example.net: "},
        SpfCase{"v=spf1 ptr -all", "spf.ptr", "warning: "},
        SpfCase{"v=spf1 ip4:0.0.0.0/0 -all", "spf.networks", "warning: ip4:0.0.0.0/0"},
        SpfCase{"v=spf1 a:gone.example.net -all", "spf.void_lookups", "warning: 1: "},
        SpfCase{"v=spf1 a:g1.example.net a:g2.example.net a:g3.example.net -all", "spf.void_lookups", "fail: 3: "},
        SpfCase{"v=spf1 a a a a a a a a a a a:a.example.net -all", "spf.lookups", "fail: 11"}));

TEST_F(DomainCheck, TakesNoneOfSeveralSpfRecords) {
  spf("v=spf1 mx -all");
  spf("v=spf1 -all");
  EXPECT_EQ(seen(check(), "spf.record"), "fail: 2 records");
}

TEST_F(DomainCheck, JudgesAKeyByWhatItsRecordSays) {
  dkim("v=DKIM1; k=ed25519; p=");
  EXPECT_THAT(seen(check(), "dkim.record"), HasSubstr("revoked"));
}

TEST_F(DomainCheck, FindsThatAnotherKeyIsPublishedThanOurs) {
  dkim(DkimPrivateKey::make(DkimAlgorithm::ed25519_sha256)->record());
  const DomainReport report = check();
  EXPECT_EQ(seen(report, "dkim.match"), "fail: another one");
  EXPECT_THAT(lines(report), Contains("s1._domainkey.example.net. IN TXT ( \"" + key_->record() + "\" )"));
}

TEST_F(DomainCheck, WarnsOfTestModeAndOfSmallKeys) {
  dkim(key_->record() + "; t=y");
  EXPECT_THAT(seen(check(), "dkim.testing"), StartsWith("warning: "));
}

TEST_F(DomainCheck, LooksAtSelectorsWhoseKeyNobodyHas) {
  options_.selectors = {{"example.net", "s1"}};
  dkim(key_->record());
  const DomainReport report = check();
  EXPECT_THAT(seen(report, "dkim.record"), StartsWith("pass: "));
  EXPECT_EQ(seen(report, "dkim.match"), "");
}

TEST_F(DomainCheck, TakesThePolicyOfTheOrganizationForADomainBelow) {
  dmarc("v=DMARC1; p=reject; sp=none; rua=mailto:dmarc@example.net");
  options_.domain = "shop.example.net";
  const DomainReport report = check();
  EXPECT_EQ(seen(report, "dmarc.record"), "pass: of example.net");
  EXPECT_EQ(seen(report, "dmarc.policy"), "warning: p=none");
}

TEST_F(DomainCheck, WarnsOfDmarcThatOnlyTests) {
  dmarc("v=DMARC1; p=reject; t=y");
  const DomainReport report = check();
  EXPECT_EQ(seen(report, "dmarc.policy"), "warning: p=reject, only for testing (t=y)");
  EXPECT_EQ(seen(report, "dmarc.reports"), "warning: none");
}

TEST_F(DomainCheck, WarnsWhereOurSignaturesAreNotAligned) {
  dmarc("v=DMARC1; p=reject; adkim=s; rua=mailto:a@example.net");
  options_.selectors[0].domain = "net";
  EXPECT_THAT(seen(check(), "dmarc.alignment"), StartsWith("warning: we sign with d=net"));
}

struct ReportCase {
  const char* title;
  const char* record;  // at _dmarc.example.net
  void (*publish)(dns::testing::Zone&);
  const char* seen;  // "": the check was not made
  const char* line;  // to be published; "": none
};

class ReportAddress : public DomainCheck, public ::testing::WithParamInterface<ReportCase> {};

TEST_P(ReportAddress, IsAskedWhetherItWantsTheReports) {
  const ReportCase& wanted = GetParam();
  publish_all_but_dmarc();
  dmarc(wanted.record);
  wanted.publish(zone_);
  const DomainReport report = check();
  EXPECT_EQ(seen(report, "dmarc.report_authorization"), wanted.seen);
  if (*wanted.line == '\0') {
    EXPECT_THAT(lines(report), Not(Contains(HasSubstr("_report._dmarc"))));
  } else {
    EXPECT_THAT(lines(report), Contains(wanted.line));
  }
}

constexpr const char* to_elsewhere = "v=DMARC1; p=reject; rua=mailto:d@reports.example.org";
constexpr const char* authorization_name = "example.net._report._dmarc.reports.example.org";
constexpr const char* authorization_line = "example.net._report._dmarc.reports.example.org. IN TXT ( \"v=DMARC1\" )";

INSTANTIATE_TEST_SUITE_P(
    DomainCheck, ReportAddress,
    ::testing::Values(
        ReportCase{"OfTheDomainItself", "v=DMARC1; p=reject; rua=mailto:d@example.net", [](auto&) {}, "", ""},
        ReportCase{"BelowTheDomain", "v=DMARC1; p=reject; rua=mailto:d@reports.example.net", [](auto&) {}, "", ""},
        ReportCase{"Authorized", to_elsewhere, [](auto& zone) { zone.txt(authorization_name, "v=DMARC1"); },
                   "pass: authorized", ""},
        ReportCase{"AuthorizedWithTags", to_elsewhere,
                   [](auto& zone) { zone.txt(authorization_name, "v=DMARC1; rua=mailto:e@reports.example.org;"); },
                   "pass: authorized", ""},
        ReportCase{"AuthorizedBesideOtherText", to_elsewhere,
                   [](auto& zone) { zone.txt(authorization_name, "x").txt(authorization_name, "v=DMARC1"); },
                   "pass: authorized", ""},
        ReportCase{"Missing", to_elsewhere, [](auto&) {}, "warning: none", authorization_line},
        ReportCase{"OtherText", to_elsewhere, [](auto& zone) { zone.txt(authorization_name, "v=spf1 -all"); },
                   "warning: v=spf1 -all", authorization_line},
        ReportCase{"VersionInOtherCase", to_elsewhere, [](auto& zone) { zone.txt(authorization_name, "v=dmarc1"); },
                   "warning: v=dmarc1", authorization_line},
        ReportCase{"TimeOut", to_elsewhere, [](auto& zone) { zone.timeout(authorization_name); }, "temperror: timeout",
                   ""},
        ReportCase{"OrganizationNotKnown", to_elsewhere, [](auto& zone) { zone.timeout("_dmarc.example.org"); },
                   "temperror: no answer from DNS for _dmarc.example.org: timeout", ""},
        ReportCase{"OrganizationNotKnownButAuthorized", to_elsewhere,
                   [](auto& zone) { zone.timeout("_dmarc.example.org").txt(authorization_name, "v=DMARC1"); },
                   "pass: authorized", ""},
        ReportCase{"OfFailures", "v=DMARC1; p=reject; rua=mailto:d@example.net; ruf=mailto:f@reports.example.org",
                   [](auto&) {}, "warning: none", authorization_line}),
    [](const auto& info) { return info.param.title; });

TEST_F(DomainCheck, AsksForTheDomainWhoseRecordNamesTheAddress) {
  dmarc(to_elsewhere);
  options_.domain = "shop.example.net";
  EXPECT_THAT(lines(check()), Contains(authorization_line));
}

TEST_F(DomainCheck, AsksEachDomainOnceHoweverOftenItIsNamed) {
  dmarc(
      "v=DMARC1; p=reject; rua=mailto:a@reports.example.org,mailto:b@reports.example.org;"
      "ruf=mailto:c@reports.example.org,mailto:d@else.example");
  const DomainReport report = check();
  const auto published = lines(report);
  EXPECT_EQ(std::count(published.begin(), published.end(), authorization_line), 1);
  EXPECT_THAT(lines(report), Contains(HasSubstr("example.net._report._dmarc.else.example.")));
}

TEST_F(DomainCheck, WarnsOfReportAddressesThatNobodyCanUse) {
  dmarc("v=DMARC1; p=reject; rua=https://example.net/dmarc");
  EXPECT_EQ(seen(check(), "dmarc.report_address"), "warning: https://example.net/dmarc");
}

TEST_F(DomainCheck, ProposesTlsaWhereDnssecVouchesForTheHost) {
  publish_all();
  zone_.signed_at("example.net").signed_at("mx.example.net");
  EXPECT_THAT(lines(check()),
              Contains("_25._tcp.mx.example.net. IN TLSA 3 1 1 " + certificate_.certificate().public_key_sha256));
}

TEST_F(DomainCheck, WarnsOfAnAliasBehindMx) {
  zone_.mx("example.net", 20, "alias.example.net").cname("alias.example.net", "mx.example.net");
  EXPECT_THAT(seen(check(), "dns.mx_alias"), StartsWith("warning: alias.example.net is an alias of mx.example.net"));
}

TEST_F(DomainCheck, ConnectsNowhereWhereThatIsNotWanted) {
  publish_all();
  options_.connect = false;
  EXPECT_TRUE(check().report.passed);
  EXPECT_THAT(network_.connections, IsEmpty());
}

TEST_F(DomainCheck, KnowsAReverseNameThatNobodyConfirms) {
  zone_.reverse("192.0.2.9", "mx.example.net");
  options_.senders = {net::IpAddress::parse("192.0.2.9").value()};
  const DomainReport report = check();
  EXPECT_EQ(seen(report, "dns.reverse"), "fail: mx.example.net");
  EXPECT_THAT(lines(report), Contains("mx.example.net. IN A 192.0.2.9"));
}

TEST_F(DomainCheck, ShowsWhatStandsInThePlaceOfARecord) {
  spf("\"v=spf1 mx -all\"");
  zone_.txt("example.net", "another-verification=1");
  dkim("\"v=DKIM1; p=\"");
  dmarc("v=dmarc1; p=reject");
  zone_.txt("_mta-sts.example.net", "v = STSv1; id=1");
  const DomainReport report = check();
  EXPECT_EQ(seen(report, "spf.record"), "fail: none, but something else: \"v=spf1 mx -all\"");
  EXPECT_EQ(seen(report, "dkim.record"), "fail: none, but something else: \"v=DKIM1; p=\"");
  EXPECT_EQ(seen(report, "dmarc.record"), "fail: none, but something else: v=dmarc1; p=reject");
  EXPECT_EQ(seen(report, "mta_sts.record"), "warning: none, but something else: v = STSv1; id=1");
}

// By a TLSA record of another key, senders who heed DANE give us no mail, whatever we ask of others.
TEST_F(DomainCheck, FailsWhereOurCertificateIsNotThatOfOurTlsaRecord) {
  publish_all();
  for (const char* name : {"example.net", "mx.example.net", "_25._tcp.mx.example.net"}) zone_.signed_at(name);
  zone_.tlsa("_25._tcp.mx.example.net", {3, 1, 1, std::string(32, 'x')});
  EXPECT_TRUE(check().report.passed) << "of a domain that is not ours it is a warning";
  options_.ours = true;
  const DomainReport report = check();
  EXPECT_FALSE(report.report.passed);
  EXPECT_THAT(seen(report, "dane.certificate"), StartsWith("fail: "));
}

TEST_F(DomainCheck, OfIncomingTlsProposesNothingWhereItIsOnlyWatched) {
  zone_ = dns::testing::Zone();
  zone_.mx("example.net", 10, "mx.example.net").address("mx.example.net", "192.0.2.1");
  options_.propose = false;
  dns::testing::ZoneResolver resolver(zone_);
  Services services{resolver, network_, {}};
  services.clock = [this] { return network_.now; };
  services.unix_time = [] { return tls::testing::now; };
  const Report watched = check_incoming_tls(options_, services);
  EXPECT_TRUE(watched.passed);
  for (const Step& step : watched.steps) {
    EXPECT_FALSE(step.finding.check.starts_with("mta_sts.") || step.finding.check.starts_with("tlsrpt.") ||
                 step.finding.check.starts_with("spf."))
        << step.finding.check;
  }
}

}  // namespace
}  // namespace connectord::probe
