// What the RFC's own suite leaves out, or says in one case only.

#include "connectord/auth/spf.h"

#include <gtest/gtest.h>

#include "connectord/dns/lookup_driver.h"
#include "dns/zone.h"

namespace connectord::auth {
namespace {

using dns::Type;
using dns::testing::Zone;
using model::SpfOutcome;
using model::SpfResult;

SpfQuery query_from(std::string_view client, std::string mail_from, std::string helo = "client.example.net") {
  SpfQuery query;
  query.client = *net::IpAddress::parse(client);
  query.mail_from = std::move(mail_from);
  query.helo = std::move(helo);
  query.receiver = "mx.receiver.example";
  query.unix_time = 1'700'000'000;
  return query;
}

SpfOutcome check(const Zone& zone, const SpfQuery& query, std::size_t* asked = nullptr) {
  return dns::testing::run(
      zone, [&](dns::DnsAnswers& dns_answers) { return check_spf(query, dns_answers); }, asked);
}

// The result for a@example.com whose record is given, and what is wrong with it.
SpfOutcome check_record(std::string record, Zone zone = {}, std::string_view client = "192.0.2.1") {
  zone.txt("example.com", std::move(record));
  return check(zone, query_from(client, "a@example.com"));
}

struct SyntaxCase {
  std::string_view terms;
  bool sound;
};

class SpfSyntax : public ::testing::TestWithParam<SyntaxCase> {};

// The broken term stands behind one that matches, and counts all the same (4.6).
TEST_P(SpfSyntax, IsJudgedAsAWhole) {
  const auto outcome = check_record("v=spf1 ip4:192.0.2.1 " + std::string(GetParam().terms));
  EXPECT_EQ(outcome.result, GetParam().sound ? SpfResult::pass : SpfResult::permerror)
      << GetParam().terms << ": " << outcome.problem;
  EXPECT_EQ(outcome.problem.empty(), GetParam().sound);
}

INSTANTIATE_TEST_SUITE_P(
    Mechanisms, SpfSyntax,
    ::testing::Values(
        SyntaxCase{"", true}, SyntaxCase{"  -all  ", true}, SyntaxCase{"?ALL", true}, SyntaxCase{"all:", false},
        SyntaxCase{"all/8", false}, SyntaxCase{"all.", false}, SyntaxCase{"--all", false}, SyntaxCase{"-", false},
        SyntaxCase{"moo", false}, SyntaxCase{"include", false}, SyntaxCase{"include:", false},
        SyntaxCase{"include:b.example", true}, SyntaxCase{"include:b.example/24", false}, SyntaxCase{"a/0", true},
        SyntaxCase{"a//0", true}, SyntaxCase{"a/0//0", true}, SyntaxCase{"a/32//128", true}, SyntaxCase{"a/33", false},
        SyntaxCase{"a//129", false}, SyntaxCase{"a/24/24", false}, SyntaxCase{"a//24/24", false},
        SyntaxCase{"a///24", false}, SyntaxCase{"a/", false}, SyntaxCase{"a//", false}, SyntaxCase{"a/08", false},
        SyntaxCase{"a/00", false}, SyntaxCase{"a:b.example/0//0", true}, SyntaxCase{"a:/24", false},
        SyntaxCase{"a:b.example:25", false}, SyntaxCase{"mx:b.example/24//64", true}, SyntaxCase{"mx:b.example.", true},
        SyntaxCase{"mx:b.example..", false}, SyntaxCase{"ptr/24", false}, SyntaxCase{"ptr:b.example", true},
        SyntaxCase{"exists", false}, SyntaxCase{"exists:%{i}", true}, SyntaxCase{"exists:b.example/24", false},
        SyntaxCase{"ip4:192.0.2.0/24", true}, SyntaxCase{"ip4:0.0.0.0/0", true}, SyntaxCase{"ip4:192.0.2.0/", false},
        SyntaxCase{"ip4:192.0.2.0/24/24", false}, SyntaxCase{"ip4:192.0.2.0//24", false},
        SyntaxCase{"ip4:192.0.2", false}, SyntaxCase{"ip4:192.0.02.1", false}, SyntaxCase{"ip4:256.0.0.1", false},
        SyntaxCase{"ip4:::1", false}, SyntaxCase{"ip4:[192.0.2.1]", false}, SyntaxCase{"ip4", false},
        SyntaxCase{"ip6:::/0", true}, SyntaxCase{"ip6:2001:db8::/32", true}, SyntaxCase{"ip6:2001:db8::/129", false},
        SyntaxCase{"ip6:192.0.2.1", false}, SyntaxCase{"ip6:[::1]", false}, SyntaxCase{"ip6:IPv6:::1", false},
        SyntaxCase{"ip6:fe80::1%eth0", false}, SyntaxCase{"ip6:::ffff:192.0.2.1/96", true},
        SyntaxCase{"ip4:192.0.2.0/99999999999999999999", false}));

INSTANTIATE_TEST_SUITE_P(
    Names, SpfSyntax,
    ::testing::Values(SyntaxCase{"a:example", false}, SyntaxCase{"a:example.", false}, SyntaxCase{"a:b.123", false},
                      SyntaxCase{"a:b.1x3", true}, SyntaxCase{"a:b.-x", false}, SyntaxCase{"a:b.x-", false},
                      SyntaxCase{"a:b.x-y", true}, SyntaxCase{"a:b.1-2", true}, SyntaxCase{"a:b.x_y", false},
                      SyntaxCase{"a:_x.b.example", true}, SyntaxCase{"a:%{d}", true}, SyntaxCase{"a:%{d}x", false},
                      SyntaxCase{"a:%{d}.x", true}, SyntaxCase{"a:x%%", true}, SyntaxCase{"a:x%", false},
                      SyntaxCase{"a:x.%{", false}, SyntaxCase{"a:%{}", false}, SyntaxCase{"a:%{d", false},
                      SyntaxCase{"a:%{x}", false}, SyntaxCase{"a:%{d0}", false}, SyntaxCase{"a:%{d1r}", true},
                      SyntaxCase{"a:%{dr1}", false}, SyntaxCase{"a:%{d999999999999999999999r.-+,/_=}", true},
                      SyntaxCase{"a:%{d:}", false}, SyntaxCase{"a:%{c}", false}, SyntaxCase{"a:%{R}", false},
                      SyntaxCase{"exists:%{t}.b.example", false}, SyntaxCase{"a:b\x01.example", false},
                      SyntaxCase{"a:b\x7f.example", false}, SyntaxCase{"a:b\xc3\xa4.example", false}));

INSTANTIATE_TEST_SUITE_P(
    Modifiers, SpfSyntax,
    ::testing::Values(SyntaxCase{"redirect=b.example", true}, SyntaxCase{"REDIRECT=b.example", true},
                      SyntaxCase{"redirect=b.example redirect=b.example", false}, SyntaxCase{"redirect=", false},
                      SyntaxCase{"redirect:b.example", false}, SyntaxCase{"-redirect=b.example", false},
                      SyntaxCase{"redirect=b.example/24", false}, SyntaxCase{"exp=b.example", true},
                      SyntaxCase{"exp=b.example Exp=c.example", false}, SyntaxCase{"exp=", false},
                      SyntaxCase{"exp=%{r}.example", false}, SyntaxCase{"x=", true}, SyntaxCase{"x=y x=y", true},
                      SyntaxCase{"x=%{r}", true}, SyntaxCase{"x=%y", false}, SyntaxCase{"x.y-z_1=a:b/c=d", true},
                      SyntaxCase{"1x=y", false}, SyntaxCase{"=y", false}, SyntaxCase{"-x=y", false},
                      SyntaxCase{"all=y", true}));

TEST(Spf, NamesThePlaceAndWhatIsWrong) {
  Zone zone;
  zone.txt("b.example", "v=spf1 ip4:192.0.2.0/33 -all");
  const auto outcome = check_record("v=spf1 include:b.example -all", zone);
  EXPECT_EQ(outcome.result, SpfResult::permerror);
  EXPECT_EQ(
      outcome.problem,
      "example.com: include:b.example: b.example: term 1 \"ip4:192.0.2.0/33\": the prefix length must be a number "
      "from 0 to 32");
  EXPECT_EQ(check_record("v=spf1 a:\x01\n\xff.example").problem,
            "example.com: term 1 \"a:???.example\": a character that is not printable ASCII");
}

TEST(Spf, NamesWhatDecided) {
  Zone zone;
  zone.txt("b.example", "v=spf1 ip4:192.0.2.0/24 -all");
  EXPECT_EQ(check_record("v=spf1 ?include:b.example -all", zone).mechanism, "?include:b.example");
  EXPECT_EQ(check_record("v=spf1 redirect=b.example", zone).mechanism, "ip4:192.0.2.0/24");
  EXPECT_EQ(check_record("v=spf1 ip4:198.51.100.1", zone).mechanism, "default");
}

TEST(Spf, TakesPostmasterAtTheHeloNameForAnEmptySender) {
  Zone zone;
  zone.txt("client.example.net", "v=spf1 exists:%{l}.%{o}.list.example -all");
  zone.address("postmaster.client.example.net.list.example", "127.0.0.2");
  const auto outcome = check(zone, query_from("192.0.2.1", ""));
  EXPECT_EQ(outcome.result, SpfResult::pass);
  EXPECT_EQ(outcome.domain, "client.example.net");
  EXPECT_EQ(outcome.identity, SpfOutcome::Identity::mail_from);
}

TEST(Spf, ChecksTheHeloIdentityWhateverTheSender) {
  Zone zone;
  zone.txt("client.example.net", "v=spf1 ip4:192.0.2.1 -all").txt("example.com", "v=spf1 -all");
  auto query = query_from("192.0.2.1", "a@example.com");
  query.identity = SpfOutcome::Identity::helo;
  const auto outcome = check(zone, query);
  EXPECT_EQ(outcome.result, SpfResult::pass);
  EXPECT_EQ(outcome.domain, "client.example.net");
  EXPECT_EQ(outcome.identity, SpfOutcome::Identity::helo);
}

TEST(Spf, HasNoResultForWhatIsNoDomainName) {
  for (const std::string domain : {"localhost", "[192.0.2.1]", "a..example", "exa mple.com", "example.com/x", ""}) {
    const auto outcome = check(Zone(), query_from("192.0.2.1", "a@" + domain));
    EXPECT_EQ(outcome.result, SpfResult::none) << domain;
  }
}

TEST(Spf, ReadsTheDomainBehindTheLastAt) {
  Zone zone;
  zone.txt("attacker.example", "v=spf1 -all").txt("victim.example", "v=spf1 +all");
  EXPECT_EQ(check(zone, query_from("192.0.2.1", "\"admin@victim.example\"@attacker.example")).domain,
            "attacker.example");
}

TEST(Spf, TakesInternationalNamesByTheirALabels) {
  Zone zone;
  zone.txt("xn--bcher-kva.example", "v=spf1 exists:%{d}.list.example -all");
  zone.address("xn--bcher-kva.example.list.example", "127.0.0.2");
  EXPECT_EQ(check(zone, query_from("192.0.2.1",
                                   "a@b\xc3\xbc"
                                   "cher.example"))
                .result,
            SpfResult::pass);
}

TEST(Spf, MatchesNothingByALocalPartThatIsNotAscii) {
  Zone zone;
  zone.txt("example.com", "v=spf1 exists:%{l}.example.com exists:%{d}.ok.example ~all");
  zone.address("example.com.ok.example", "127.0.0.2");
  const auto outcome = check(zone, query_from("192.0.2.1", "j\xc3\xbcrgen@example.com"));
  EXPECT_EQ(outcome.mechanism, "exists:%{d}.ok.example");  // RFC 8616, section 4
}

TEST(Spf, TakesAMappedAddressForIpv4) {
  EXPECT_EQ(check_record("v=spf1 ip4:192.0.2.1 -all", {}, "::ffff:192.0.2.1").result, SpfResult::pass);
  EXPECT_EQ(check_record("v=spf1 ip6:::/0 -all", {}, "::ffff:192.0.2.1").result, SpfResult::fail);
  EXPECT_EQ(check_record("v=spf1 ip6:::/0 -all", {}, "2001:db8::1").result, SpfResult::pass);
  EXPECT_EQ(check_record("v=spf1 ip4:0.0.0.0/0 -all", {}, "2001:db8::1").result, SpfResult::fail);
}

TEST(Spf, ComparesPrefixesToTheBit) {
  Zone zone;
  zone.address("example.com", "192.0.2.129").address("example.com", "2001:db8:0:8000::1");
  EXPECT_EQ(check_record("v=spf1 a/25 -all", zone, "192.0.2.254").result, SpfResult::pass);
  EXPECT_EQ(check_record("v=spf1 a/25 -all", zone, "192.0.2.127").result, SpfResult::fail);
  EXPECT_EQ(check_record("v=spf1 a/0 -all", zone, "198.51.100.1").result, SpfResult::pass);
  EXPECT_EQ(check_record("v=spf1 a//49 -all", zone, "2001:db8:0:ffff::9").result, SpfResult::pass);
  EXPECT_EQ(check_record("v=spf1 a//49 -all", zone, "2001:db8:0:7fff::9").result, SpfResult::fail);
}

TEST(Spf, AsksForAllExchangersTogether) {
  Zone zone;
  for (int i = 0; i < 10; ++i) {
    const std::string host = "mx" + std::to_string(i) + ".example.com";
    zone.mx("example.com", 10, host).address(host, "192.0.2." + std::to_string(100 + i));
  }
  zone.txt("example.com", "v=spf1 mx -all");
  int rounds = 0;
  const auto query = query_from("192.0.2.109", "a@example.com");
  const auto outcome = dns::testing::run(zone, [&](dns::DnsAnswers& dns_answers) {
    ++rounds;
    return check_spf(query, dns_answers);
  });
  EXPECT_EQ(outcome.result, SpfResult::pass);
  EXPECT_EQ(rounds, 4) << "TXT, MX, ten addresses, result";
}

TEST(Spf, LetsANullExchangerMatchNothing) {
  Zone zone;
  zone.mx("example.com", 0, ".");
  EXPECT_EQ(check_record("v=spf1 mx -all", zone).result, SpfResult::fail);
}

struct FaultCase {
  std::string_view terms;
  SpfResult result;
};

class SpfDnsFault : public ::testing::TestWithParam<FaultCase> {};

TEST_P(SpfDnsFault, HasTheResultOfTheRfc) {
  Zone zone;
  zone.timeout("slow.example").error("broken.example").mx("mx.example", 10, "slow.example");
  zone.timeout(Zone::reverse_name("192.0.2.1"));
  zone.txt("notlooked.example", "no policy");
  EXPECT_EQ(check_record("v=spf1 " + std::string(GetParam().terms), zone).result, GetParam().result);
}

INSTANTIATE_TEST_SUITE_P(Spf, SpfDnsFault,
                         ::testing::Values(FaultCase{"a:slow.example -all", SpfResult::temperror},
                                           FaultCase{"a:broken.example -all", SpfResult::temperror},
                                           FaultCase{"mx:slow.example -all", SpfResult::temperror},
                                           FaultCase{"mx:mx.example -all", SpfResult::temperror},
                                           FaultCase{"exists:slow.example -all", SpfResult::temperror},
                                           FaultCase{"include:slow.example -all", SpfResult::temperror},
                                           FaultCase{"redirect=slow.example", SpfResult::temperror},
                                           FaultCase{"ptr -all", SpfResult::fail},  // 5.5: does not match
                                           FaultCase{"exists:%{p}.example -all", SpfResult::fail},
                                           FaultCase{"-all exp=slow.example", SpfResult::fail},
                                           FaultCase{"include:notlooked.example -all", SpfResult::permerror},
                                           FaultCase{"include:none.example -all", SpfResult::permerror},
                                           FaultCase{"redirect=none.example", SpfResult::permerror},
                                           FaultCase{"redirect=%{l}..example", SpfResult::permerror},
                                           FaultCase{"ip4:192.0.2.1 a:slow.example", SpfResult::pass}));

TEST(Spf, CountsTermsThatAskDnsAcrossIncludesAndRedirects) {
  Zone zone;
  zone.address("example.com", "198.51.100.1")
      .address("in.example", "198.51.100.1")
      .address("re.example", "198.51.100.1");
  zone.txt("in.example", "v=spf1 a a a ?all");
  zone.txt("re.example", "v=spf1 a a a -all");
  EXPECT_EQ(check_record("v=spf1 a include:in.example a redirect=re.example", zone).result, SpfResult::fail) << "ten";
  const auto outcome = check_record("v=spf1 a a include:in.example a redirect=re.example", zone);
  EXPECT_EQ(outcome.result, SpfResult::permerror) << "eleven";
  EXPECT_NE(outcome.problem.find("more than ten terms"), std::string::npos) << outcome.problem;
}

TEST(Spf, CountsEachEmptyLookupOnce) {
  EXPECT_EQ(check_record("v=spf1 a:x.example a:x.example mx:x.example a:x.example -all").result, SpfResult::fail);
  EXPECT_EQ(check_record("v=spf1 a:x.example a:y.example a:z.example -all").result, SpfResult::permerror);
  EXPECT_EQ(check_record("v=spf1 a:x..example a:y..example a:z..example -all").result, SpfResult::fail)
      << "what is no name is not asked for";
}

TEST(Spf, EndsOnRecordsThatIncludeEachOther) {
  Zone zone;
  zone.txt("b.example", "v=spf1 include:example.com ?all");
  const auto outcome = check_record("v=spf1 include:b.example include:b.example ?all", zone);
  EXPECT_EQ(outcome.result, SpfResult::permerror);
  EXPECT_LE(outcome.problem.size(), 1000U);
}

TEST(Spf, TakesARecordOfFourKibibytesAndNoMore) {
  const std::string begin = "v=spf1 ip4:192.0.2.1 exists:";
  const std::string end = ".example";
  const std::string longest = begin + std::string(4096 - begin.size() - end.size(), 'x') + end;
  EXPECT_EQ(check_record(longest).result, SpfResult::pass);
  const auto outcome = check_record(longest + " ");
  EXPECT_EQ(outcome.result, SpfResult::permerror);
  EXPECT_EQ(outcome.problem, "example.com: the record is longer than 4096 bytes");
  Zone zone;
  zone.txt("example.com", longest + " ");
  const auto other = dns::testing::run(zone, [](dns::DnsAnswers& dns_answers) {
    return check_spf_with_libspf2(query_from("192.0.2.1", "a@example.com"), dns_answers);
  });
  EXPECT_EQ(other.result, SpfResult::permerror) << "libspf2 too";
}

TEST(Spf, TakesATermOfManyMacrosForAnError) {
  std::string macros;
  while (macros.size() < 4000) macros += "%{Lr}";
  const auto outcome = check_record("v=spf1 exists:" + macros + " -all");
  EXPECT_EQ(outcome.result, SpfResult::permerror);
  EXPECT_NE(outcome.problem.find("more than 32 macros"), std::string::npos) << outcome.problem;
}

// A sender's domain that has as much judged as it may: records of the longest kind that include each other, each of
// them found by a macro of a local part of 930 parts, an "mx" of ten hosts, and a client with ten names.
TEST(Spf, JudgesNoTermTwiceHoweverOftenItWaitsForDns) {
  std::string local;
  for (int i = 0; i < 930; ++i) local += i == 0 ? "a" : ".a";
  std::string padding;
  while (padding.size() < 3800) padding += " ip4:198.51.100.1";
  Zone zone;
  SpfQuery query = query_from("192.0.2.1", local + "@example.com");
  const auto name_of = [](int i) { return "r" + std::to_string(i) + ".example"; };
  for (int i = 0; i < 10; ++i) {
    zone.txt("a.a." + name_of(i), "v=spf1" + padding + (i < 7 ? " include:%{l2r}." + name_of(i + 1) : " mx ptr ?all"));
  }
  for (int i = 0; i < 10; ++i) {
    const std::string host = "mx" + std::to_string(i) + ".example";
    zone.mx("a.a.r7.example", 10, host).address(host, "198.51.100.9").reverse("192.0.2.1", host);
  }
  zone.txt("example.com", "v=spf1" + padding + " include:%{l2r}.r0.example ?all");
  SpfCheck whole(query);
  std::size_t rounds = 0;
  const auto outcome = dns::testing::run(zone, [&](dns::DnsAnswers& dns_answers) {
    ++rounds;
    return whole.run(dns_answers);
  });
  EXPECT_EQ(outcome.result, SpfResult::neutral) << outcome.problem;
  EXPECT_GT(rounds, 10U);
  EXPECT_EQ(whole.work().records, 9U);
  EXPECT_EQ(whole.work().terms, 10U);
  EXPECT_EQ(whole.work().expansions, 8U);
  const auto at_once = check(zone, query);
  EXPECT_EQ(at_once.result, outcome.result) << "what begins anew each time";
  EXPECT_EQ(at_once.mechanism, outcome.mechanism);
}

TEST(Spf, ValidatesTheNamesOfTheClient) {
  Zone zone;
  zone.reverse("192.0.2.1", "forged.example.com").reverse("192.0.2.1", "host.example.com");
  zone.address("forged.example.com", "198.51.100.9").address("host.example.com", "192.0.2.1");
  EXPECT_EQ(check_record("v=spf1 ptr -all", zone).result, SpfResult::pass);
  EXPECT_EQ(check_record("v=spf1 ptr:forged.example.com -all", zone).result, SpfResult::fail);
  EXPECT_EQ(check_record("v=spf1 ptr:ple.com -all", zone).result, SpfResult::fail) << "whole labels";
}

TEST(Spf, LooksAtTenNamesOfTheClientOnly) {
  Zone zone;
  for (int i = 0; i < 12; ++i) {
    const std::string host = "h" + std::to_string(i) + ".example.com";
    zone.reverse("192.0.2.1", host);
    if (i >= 10) zone.address(host, "192.0.2.1");
  }
  EXPECT_EQ(check_record("v=spf1 ptr -all", zone).result, SpfResult::fail);
}

struct ExplanationCase {
  std::string_view text;
  std::string_view expected;
};

class SpfExplanation : public ::testing::TestWithParam<ExplanationCase> {};

TEST_P(SpfExplanation, IsExpandedForTheSender) {
  Zone zone;
  zone.txt("why.example", std::string(GetParam().text));
  zone.txt("example.com", "v=spf1 -all exp=why.example");
  EXPECT_EQ(check(zone, query_from("192.0.2.1", "a.b@example.com")).explanation, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Spf, SpfExplanation,
    ::testing::Values(
        ExplanationCase{"Not from %{c}, %{t}, %{r}.", "Not from 192.0.2.1, 1700000000, mx.receiver.example."},
        ExplanationCase{"%{s} %{l} %{o} %{d} %{h}", "a.b@example.com a.b example.com example.com client.example.net"},
        ExplanationCase{"%{lr} %{lr-} %{dr} %{d1} %{d1r} %{d9}", "b.a a.b com.example com example example.com"},
        ExplanationCase{"%{S} %{i} %{v} %{p} %%%_%-", "a.b%40example.com 192.0.2.1 in-addr unknown % %20"},
        ExplanationCase{"two  spaces, 'quotes' and \"more\"", "two  spaces, 'quotes' and \"more\""},
        ExplanationCase{"a line\r\nX-Injected: yes", ""}, ExplanationCase{"bytes \xe9", ""},
        ExplanationCase{"%{x}", ""}, ExplanationCase{"", ""}));

TEST(Spf, BoundsAnExplanationAndKeepsItPrintable) {
  Zone zone;
  zone.txt("why.example", std::string(2000, 'x'));
  EXPECT_EQ(check_record("v=spf1 -all exp=why.example", zone).explanation.size(), 500U);
  Zone helo;
  helo.txt("why.example", "%{h}").txt("example.com", "v=spf1 -all exp=why.example");
  EXPECT_EQ(check(helo, query_from("192.0.2.1", "a@example.com", "x\r\ny.example")).explanation, "");
}

TEST(Spf, ExplainsAFailOfTheDomainItselfOnly) {
  Zone zone;
  zone.txt("why.example", "no").txt("in.example", "v=spf1 -all exp=why.example");
  EXPECT_EQ(check_record("v=spf1 ~all exp=why.example", zone).explanation, "");
  EXPECT_EQ(check_record("v=spf1 include:in.example -all", zone).explanation, "");
  EXPECT_EQ(check_record("v=spf1 redirect=in.example", zone).explanation, "no");
}

TEST(Spf, WaitsWhileAnswersAreMissingAndNotesThem) {
  dns::DnsAnswers dns_answers;
  EXPECT_FALSE(check_spf(query_from("192.0.2.1", "a@example.com"), dns_answers).has_value());
  EXPECT_EQ(dns_answers.take_missing(), (std::vector<dns::Question>{{"example.com", Type::txt}}));
}

// Knows one zone's texts and never answers anything else.
class HalfSilentResolver : public dns::Resolver {
 public:
  explicit HalfSilentResolver(const Zone& zone) : zone_(zone) {}
  void resolve(const dns::Question& question, const std::string&, Callback callback) override {
    if (question.type == Type::txt) callback(std::make_shared<dns::Answer>(zone_.answer(question)));
  }

 private:
  const Zone& zone_;
};

TEST(Spf, EndsAsTemperrorWhenTheTimeOfTheMessageIsOver) {
  Zone zone;
  zone.txt("example.com", "v=spf1 ip4:198.51.100.1 a:slow.example -all");
  HalfSilentResolver resolver(zone);
  dns::LookupDriver lookups(resolver);
  std::optional<SpfOutcome> outcome;
  const auto query = query_from("192.0.2.1", "a@example.com");
  lookups.start([&](dns::DnsAnswers& dns_answers) { return (outcome = check_spf(query, dns_answers)).has_value(); });
  EXPECT_FALSE(outcome.has_value());
  EXPECT_FALSE(lookups.wait_until(std::chrono::steady_clock::now()));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->result, SpfResult::temperror);
  EXPECT_EQ(outcome->problem, "example.com: a:slow.example: DNS, A of slow.example: timeout");
}

}  // namespace
}  // namespace connectord::auth
