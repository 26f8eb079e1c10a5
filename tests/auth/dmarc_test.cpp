#include "connectord/auth/dmarc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectord/auth/dmarc_walk.h"
#include "dns/zone.h"

namespace connectord::auth {
namespace {

using dns::testing::Zone;
using model::DmarcOutcome;
using model::DmarcPolicy;
using model::DmarcResult;
using ::testing::ElementsAre;
using Source = DmarcIdentifier::Source;
using State = DmarcIdentifier::State;

DmarcIdentifier spf(const std::string& domain, State state = State::authenticated) {
  return {Source::spf, state, domain};
}
DmarcIdentifier dkim(const std::string& domain, State state = State::authenticated) {
  return {Source::dkim, state, domain};
}

DmarcOutcome check(const Zone& zone, const std::string& from, const std::vector<DmarcIdentifier>& identifiers,
                   std::size_t* asked = nullptr) {
  const DmarcQuery query{mail::parse_author({from}), identifiers};
  return dns::testing::run(
      zone, [&](dns::DnsAnswers& answers) { return check_dmarc(query, answers); }, asked);
}

TEST(DmarcWalk, AsksForEachNameUpToTheTopAndForEightAtMost) {
  EXPECT_THAT(tree_walk_names("com"), ElementsAre("com"));
  EXPECT_THAT(tree_walk_names("a.mail.example.com"),
              ElementsAre("a.mail.example.com", "mail.example.com", "example.com", "com"));
  EXPECT_THAT(tree_walk_names("1.2.3.4.5.6.7"),
              ElementsAre("1.2.3.4.5.6.7", "2.3.4.5.6.7", "3.4.5.6.7", "4.5.6.7", "5.6.7", "6.7", "7"));
  EXPECT_THAT(tree_walk_names("1.2.3.4.5.6.7.8"), ElementsAre("1.2.3.4.5.6.7.8", "2.3.4.5.6.7.8", "3.4.5.6.7.8",
                                                              "4.5.6.7.8", "5.6.7.8", "6.7.8", "7.8", "8"));
  // The example of RFC 9989, 4.10.
  EXPECT_THAT(tree_walk_names("a.b.c.d.e.f.g.h.i.j.mail.example.com"),
              ElementsAre("a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com", "h.i.j.mail.example.com",
                          "i.j.mail.example.com", "j.mail.example.com", "mail.example.com", "example.com", "com"));
}

struct OrganizationalDomain {
  std::string name;
  std::string domain;
  std::vector<std::pair<std::string, std::string>> records;
  std::string expected;
};

// 4.10.2, the examples of the RFC first.
TEST(DmarcWalk, FindsTheOrganizationalDomain) {
  const std::string plain = "v=DMARC1; p=none";
  const std::string suffix = "v=DMARC1; p=none; psd=y";
  const std::string own = "v=DMARC1; p=none; psd=n";
  const OrganizationalDomain cases[] = {
      {"the shortest name with a record",
       "a.mail.example.com",
       {{"mail.example.com", plain}, {"example.com", plain}},
       "example.com"},
      {"psd=n ends the walk",
       "a.mail.example.com",
       {{"mail.example.com", own}, {"example.com", plain}},
       "mail.example.com"},
      {"one label below psd=y", "a.mail.example.com", {{"com", suffix}}, "example.com"},
      {"one label below psd=y, with a record there",
       "a.mail.example.com",
       {{"mail.example.com", plain}, {"example.com", suffix}},
       "mail.example.com"},
      {"no record: the domain itself", "a.mail.example.com", {}, "a.mail.example.com"},
      {"a public suffix as the first name is its own",
       "gov.example",
       {{"gov.example", suffix}, {"example", plain}},
       "gov.example"},
      {"a record at the first name only", "a.example.com", {{"a.example.com", plain}}, "a.example.com"},
      {"psd=y at the first name ends the walk",
       "a.example.com",
       {{"a.example.com", suffix}, {"example.com", plain}},
       "a.example.com"},
      {"psd=n at the first name", "a.example.com", {{"a.example.com", own}, {"example.com", plain}}, "a.example.com"},
      {"a top domain without psd=y", "a.example.com", {{"com", plain}}, "com"},
      {"names behind the jump are not seen",
       "mail.a.b.c.d.e.f.g.example.com",
       {{"b.c.d.e.f.g.example.com", own}, {"example.com", plain}},
       "example.com"},
      {"psd=y just behind the jump", "1.2.3.4.5.6.7.8.9", {{"3.4.5.6.7.8.9", suffix}}, "2.3.4.5.6.7.8.9"},
      {"an unusable record is a record", "a.example.com", {{"example.com", "v=DMARC1; p=x"}}, "example.com"},
      {"what is no DMARC record does not count",
       "a.example.com",
       {{"example.com", "v=DMARC2; p=none"}},
       "a.example.com"},
      {"several records count as none",
       "a.example.com",
       {{"a.example.com", plain}, {"example.com", plain}, {"example.com", own}},
       "a.example.com"},
  };
  for (const auto& c : cases) {
    Zone zone;
    for (const auto& [name, text] : c.records) zone.txt("_dmarc." + name, text);
    const auto walk = dns::testing::run(zone, [&](dns::DnsAnswers& answers) -> std::optional<TreeWalk> {
      auto result = walk_tree(c.domain, answers);
      if (result.state == TreeWalk::State::waiting) return std::nullopt;
      return result;
    });
    EXPECT_EQ(walk.state, TreeWalk::State::complete) << c.name;
    EXPECT_EQ(walk.organizational_domain, c.expected) << c.name;
  }
}

TEST(Dmarc, PassesWhatIsAlignedAndFailsWhatIsNot) {
  const struct {
    std::string name;
    std::string record;  // at example.com
    std::string from;
    std::vector<DmarcIdentifier> identifiers;
    DmarcResult result;
  } cases[] = {
      {"nothing authenticated", "p=reject", "a@example.com", {}, DmarcResult::fail},
      {"SPF of the same domain", "p=reject", "a@example.com", {spf("example.com")}, DmarcResult::pass},
      {"DKIM of the same domain", "p=reject", "a@example.com", {dkim("example.com")}, DmarcResult::pass},
      {"another domain", "p=reject", "a@example.com", {spf("evil.example"), dkim("evil.example")}, DmarcResult::fail},
      {"a domain that ends alike",
       "p=reject",
       "a@example.com",
       {spf("evilexample.com"), dkim("notexample.com")},
       DmarcResult::fail},
      {"a sibling below the same top domain", "p=reject", "a@example.com", {spf("other.com")}, DmarcResult::fail},
      {"relaxed: below", "p=reject", "a@example.com", {spf("bounce.example.com")}, DmarcResult::pass},
      {"relaxed: above", "p=reject", "a@news.example.com", {dkim("example.com")}, DmarcResult::pass},
      {"relaxed: beside", "p=reject", "a@news.example.com", {dkim("mail.example.com")}, DmarcResult::pass},
      {"strict SPF: below", "p=reject; aspf=s", "a@example.com", {spf("bounce.example.com")}, DmarcResult::fail},
      {"strict SPF: the same", "p=reject; aspf=s", "a@example.com", {spf("example.com")}, DmarcResult::pass},
      {"strict SPF leaves DKIM relaxed",
       "p=reject; aspf=s",
       "a@example.com",
       {dkim("m.example.com")},
       DmarcResult::pass},
      {"strict DKIM: above", "p=reject; adkim=s", "a@news.example.com", {dkim("example.com")}, DmarcResult::fail},
      {"strict DKIM leaves SPF relaxed",
       "p=reject; adkim=s",
       "a@news.example.com",
       {spf("example.com")},
       DmarcResult::pass},
      {"bad adkim is relaxed", "p=reject; adkim=x", "a@example.com", {dkim("m.example.com")}, DmarcResult::pass},
      {"one of many",
       "p=reject",
       "a@example.com",
       {spf("evil.example"), dkim("x.example"), dkim("example.com")},
       DmarcResult::pass},
      {"case does not count", "p=reject", "a@EXAMPLE.Com", {dkim("example.com")}, DmarcResult::pass},
      {"two mailboxes of one domain",
       "p=reject",
       "a@example.com, b@example.com",
       {dkim("example.com")},
       DmarcResult::pass},
      {"the quoted address is not the author",
       "p=reject",
       "\"a@example.com\"@evil.example",
       {spf("evil.example")},
       DmarcResult::none},
  };
  for (const auto& c : cases) {
    const Zone zone = Zone().txt("_dmarc.example.com", "v=DMARC1; " + c.record);
    EXPECT_EQ(check(zone, c.from, c.identifiers).result, c.result) << c.name;
  }
}

TEST(Dmarc, UnicodeAndAsciiSpellingsOfADomainAreOne) {
  const Zone zone = Zone().txt("_dmarc.xn--bcher-kva.example", "v=DMARC1; p=reject");
  const auto outcome = check(zone,
                             "a@b\xc3\xbc"
                             "cher.example",
                             {dkim("xn--bcher-kva.example")});
  EXPECT_EQ(outcome.result, DmarcResult::pass);
  EXPECT_EQ(outcome.from_domain, "xn--bcher-kva.example");
}

TEST(Dmarc, TellsWhichDomainsCountedAndWhatWasAligned) {
  const Zone zone = Zone().txt("_dmarc.example.com", "v=DMARC1; p=reject; sp=quarantine").exists("news.example.com");
  const auto outcome = check(zone, "a@news.example.com", {spf("bounce.example.com"), dkim("esp.example")});
  EXPECT_EQ(outcome.result, DmarcResult::pass);
  EXPECT_EQ(outcome.from_domain, "news.example.com");
  EXPECT_EQ(outcome.record_domain, "example.com");
  EXPECT_EQ(outcome.organizational_domain, "example.com");
  EXPECT_TRUE(outcome.spf_aligned);
  EXPECT_FALSE(outcome.dkim_aligned);
  EXPECT_EQ(outcome.policy, DmarcPolicy::quarantine);
  EXPECT_EQ(outcome.problem, "");
}

TEST(Dmarc, APublicSuffixSeparatesItsChildren) {
  const Zone zone =
      Zone().txt("_dmarc.bank.example", "v=DMARC1; p=none; psd=y").txt("_dmarc.a.bank.example", "v=DMARC1; p=reject");
  EXPECT_EQ(check(zone, "x@a.bank.example", {dkim("b.bank.example")}).result, DmarcResult::fail);
  EXPECT_EQ(check(zone, "x@a.bank.example", {dkim("bank.example")}).result, DmarcResult::fail);
  EXPECT_EQ(check(zone, "x@a.bank.example", {dkim("m.a.bank.example")}).result, DmarcResult::pass);
}

TEST(Dmarc, ADepartmentOfItsOwnIsNotAlignedWithTheRest) {
  const Zone zone =
      Zone().txt("_dmarc.example.com", "v=DMARC1; p=reject").txt("_dmarc.lab.example.com", "v=DMARC1; p=none; psd=n");
  EXPECT_EQ(check(zone, "x@example.com", {dkim("lab.example.com")}).result, DmarcResult::fail);
  EXPECT_EQ(check(zone, "x@example.com", {dkim("a.lab.example.com")}).result, DmarcResult::fail);
  EXPECT_EQ(check(zone, "x@lab.example.com", {dkim("example.com")}).result, DmarcResult::fail);
  EXPECT_EQ(check(zone, "x@a.lab.example.com", {dkim("b.lab.example.com")}).result, DmarcResult::pass);
}

TEST(Dmarc, TakesThePolicyThatIsMeantForTheAuthorDomain) {
  const struct {
    std::string name;
    std::string record;  // at example.com, which exists; so does news.example.com
    std::string from;
    DmarcPolicy policy;
    std::string record_domain = "example.com";
  } cases[] = {
      {"p for the domain itself", "p=reject; sp=none; np=none", "example.com", DmarcPolicy::reject},
      {"p below it where there is no sp", "p=reject", "news.example.com", DmarcPolicy::reject},
      {"sp below it", "p=none; sp=reject", "news.example.com", DmarcPolicy::reject},
      {"sp below it, also weaker", "p=reject; sp=none", "news.example.com", DmarcPolicy::none},
      {"np leaves what exists alone", "p=none; sp=quarantine; np=reject", "news.example.com", DmarcPolicy::quarantine},
      {"np for what does not exist", "p=none; sp=quarantine; np=reject", "no.example.com", DmarcPolicy::reject},
      {"np for what does not exist, without sp", "p=none; np=reject", "no.example.com", DmarcPolicy::reject},
      {"sp for what does not exist, without np", "p=none; sp=quarantine", "no.example.com", DmarcPolicy::quarantine},
      {"p for what does not exist, without both", "p=quarantine", "no.example.com", DmarcPolicy::quarantine},
      {"an empty non-terminal exists", "p=none; sp=quarantine; np=reject", "empty.example.com",
       DmarcPolicy::quarantine},
      {"a record of its own comes first", "p=none; sp=none", "own.example.com", DmarcPolicy::reject, "own.example.com"},
      {"sp of a record between counts for nothing", "p=quarantine", "a.own.example.com", DmarcPolicy::quarantine},
  };
  for (const auto& c : cases) {
    const Zone zone = Zone()
                          .txt("_dmarc.example.com", "v=DMARC1; " + c.record)
                          .address("example.com", "192.0.2.1")
                          .address("news.example.com", "192.0.2.1")
                          .address("host.empty.example.com", "192.0.2.1")
                          .txt("_dmarc.own.example.com", "v=DMARC1; p=reject; sp=none");
    const auto outcome = check(zone, "a@" + c.from, {});
    EXPECT_EQ(outcome.result, DmarcResult::fail) << c.name;
    EXPECT_EQ(outcome.policy, c.policy) << c.name;
    EXPECT_EQ(outcome.published, c.policy) << c.name;
    EXPECT_EQ(outcome.record_domain, c.record_domain) << c.name;
  }
}

TEST(Dmarc, APublicSuffixsPolicyIsForDomainsWithoutOne) {
  const Zone zone =
      Zone().txt("_dmarc.bank", "v=DMARC1; p=none; sp=quarantine; np=reject; psd=y").address("some.bank", "192.0.2.1");
  const auto existing = check(zone, "a@some.bank", {});
  EXPECT_EQ(existing.record_domain, "bank");
  EXPECT_EQ(existing.organizational_domain, "some.bank");
  EXPECT_EQ(existing.policy, DmarcPolicy::quarantine);
  const auto missing = check(zone, "a@no.bank", {});
  EXPECT_EQ(missing.policy, DmarcPolicy::reject);
  EXPECT_EQ(check(zone, "a@some.bank", {spf("m.some.bank")}).result, DmarcResult::pass);
  EXPECT_EQ(check(zone, "a@some.bank", {spf("other.bank")}).result, DmarcResult::fail);
}

TEST(Dmarc, TestingLowersThePolicyByOneLevel) {
  const struct {
    std::string record;
    DmarcPolicy policy;
    DmarcPolicy published;
  } cases[] = {
      {"p=reject; t=y", DmarcPolicy::quarantine, DmarcPolicy::reject},
      {"p=quarantine; t=y", DmarcPolicy::none, DmarcPolicy::quarantine},
      {"p=none; t=y", DmarcPolicy::none, DmarcPolicy::none},
      {"p=reject; t=n", DmarcPolicy::reject, DmarcPolicy::reject},
      {"p=reject; t=x", DmarcPolicy::reject, DmarcPolicy::reject},
      {"p=reject; pct=0", DmarcPolicy::reject, DmarcPolicy::reject},
  };
  for (const auto& c : cases) {
    const auto outcome = check(Zone().txt("_dmarc.example.com", "v=DMARC1; " + c.record), "a@example.com", {});
    EXPECT_EQ(outcome.result, DmarcResult::fail) << c.record;
    EXPECT_EQ(outcome.policy, c.policy) << c.record;
    EXPECT_EQ(outcome.published, c.published) << c.record;
    EXPECT_EQ(outcome.testing, c.policy != c.published || c.record == "p=none; t=y") << c.record;
  }
}

TEST(Dmarc, WithoutAUsableRecordThereIsNoResult) {
  EXPECT_EQ(check(Zone(), "a@example.com", {dkim("example.com")}).result, DmarcResult::none);
  EXPECT_EQ(check(Zone().exists("_dmarc.example.com"), "a@example.com", {}).result, DmarcResult::none);
  EXPECT_EQ(check(Zone().txt("_dmarc.example.com", "v=spf1 -all"), "a@example.com", {}).result, DmarcResult::none);
  const auto several =
      check(Zone().txt("_dmarc.example.com", "v=DMARC1; p=reject").txt("_dmarc.example.com", "v=DMARC1; p=none"),
            "a@example.com", {});
  EXPECT_EQ(several.result, DmarcResult::none);
  EXPECT_EQ(several.problem, "several DMARC records at _dmarc.example.com, so none counts");
  const auto broken =
      check(Zone().txt("_dmarc.example.com", "v=DMARC1; p=rejct"), "a@example.com", {dkim("example.com")});
  EXPECT_EQ(broken.result, DmarcResult::none);
  EXPECT_EQ(broken.record_domain, "");
  EXPECT_EQ(broken.problem, "record at _dmarc.example.com: p=rejct not valid, does not apply, having no rua either");
}

TEST(Dmarc, OtherTextsBesideTheRecordDoNotMatter) {
  const Zone zone = Zone()
                        .txt("_dmarc.example.com", "some text")
                        .txt("_dmarc.example.com", "v=DMARC1; p=reject")
                        .txt("_dmarc.example.com", "v=DMARC2; p=none");
  EXPECT_EQ(check(zone, "a@example.com", {}).policy, DmarcPolicy::reject);
}

TEST(Dmarc, SeveralRecordsAtTheAuthorDomainLeaveThePolicyToTheOrganization) {
  const Zone zone = Zone()
                        .txt("_dmarc.a.example.com", "v=DMARC1; p=none")
                        .txt("_dmarc.a.example.com", "v=DMARC1; p=none; aspf=s")
                        .txt("_dmarc.example.com", "v=DMARC1; p=reject");
  EXPECT_EQ(check(zone, "x@a.example.com", {}).policy, DmarcPolicy::reject);
}

TEST(Dmarc, AWrongPolicyWithReportsCountsAsNone) {
  const auto outcome =
      check(Zone().txt("_dmarc.example.com", "v=DMARC1; p=rejct; rua=mailto:d@example.com"), "a@example.com", {});
  EXPECT_EQ(outcome.result, DmarcResult::fail);
  EXPECT_EQ(outcome.policy, DmarcPolicy::none);
  EXPECT_EQ(outcome.record_domain, "example.com");
  EXPECT_NE(outcome.problem.find("p=rejct"), std::string::npos);
}

TEST(Dmarc, WhatDnsDoesNotTellIsATemporaryError) {
  const std::string record = "v=DMARC1; p=reject; np=none";
  const auto zone = [&] { return Zone().txt("_dmarc.example.com", record).address("news.example.com", "192.0.2.1"); };
  const struct {
    std::string name;
    Zone zone;
    std::string from;
    std::vector<DmarcIdentifier> identifiers;
    DmarcResult result;
  } cases[] = {
      {"the author domain's record",
       Zone().timeout("_dmarc.example.com"),
       "example.com",
       {dkim("example.com")},
       DmarcResult::temperror},
      {"SERVFAIL", Zone().error("_dmarc.example.com"), "example.com", {}, DmarcResult::temperror},
      {"a name on the way up",
       Zone().timeout("_dmarc.example.com"),
       "a.example.com",
       {dkim("a.example.com")},
       DmarcResult::temperror},
      {"the top domain, no record below", Zone().timeout("_dmarc.com"), "example.com", {}, DmarcResult::temperror},
      {"the top domain, the same domain passed",
       zone().timeout("_dmarc.com"),
       "example.com",
       {dkim("example.com")},
       DmarcResult::pass},
      {"the top domain, one below passed",
       zone().timeout("_dmarc.com"),
       "example.com",
       {dkim("m.example.com")},
       DmarcResult::temperror},
      {"the top domain, another one passed",
       zone().timeout("_dmarc.com"),
       "example.com",
       {dkim("evil.example")},
       DmarcResult::fail},
      {"the top domain, nothing passed", zone().timeout("_dmarc.com"), "example.com", {}, DmarcResult::fail},
      {"an identifier's name",
       zone().timeout("_dmarc.m.example.com"),
       "example.com",
       {dkim("m.example.com")},
       DmarcResult::temperror},
      {"an identifier's name, another passed",
       zone().timeout("_dmarc.m.example.com"),
       "example.com",
       {dkim("m.example.com"), spf("example.com")},
       DmarcResult::pass},
      {"an unaligned identifier's name",
       zone().timeout("_dmarc.evil.example"),
       "example.com",
       {dkim("evil.example")},
       DmarcResult::fail},
      {"whether the author domain exists",
       zone().timeout("news.example.com"),
       "news.example.com",
       {},
       DmarcResult::temperror},
      {"whether the author domain exists, but it passed",
       zone().timeout("news.example.com"),
       "news.example.com",
       {spf("example.com")},
       DmarcResult::pass},
      {"behind psd=n no one asks",
       Zone().txt("_dmarc.example.com", "v=DMARC1; p=reject; psd=n").timeout("_dmarc.com"),
       "example.com",
       {dkim("m.example.com")},
       DmarcResult::pass},
  };
  for (const auto& c : cases) {
    const auto outcome = check(c.zone, "a@" + c.from, c.identifiers);
    EXPECT_EQ(outcome.result, c.result) << c.name << ": " << outcome.problem;
    EXPECT_EQ(outcome.problem.empty(), c.result != DmarcResult::temperror) << c.name;
  }
}

TEST(Dmarc, ATemporaryErrorOfAnAlignedIdentifierIsOneOfDmarc) {
  const Zone zone = Zone().txt("_dmarc.example.com", "v=DMARC1; p=reject");
  const struct {
    std::vector<DmarcIdentifier> identifiers;
    DmarcResult result;
  } cases[] = {
      {{spf("example.com", State::unknown)}, DmarcResult::temperror},
      {{dkim("m.example.com", State::unknown)}, DmarcResult::temperror},
      {{dkim("example.com", State::unknown), spf("example.com")}, DmarcResult::pass},
      // A stranger's domain cannot put off the refusal.
      {{dkim("evil.example", State::unknown), spf("evil.example", State::unknown)}, DmarcResult::fail},
  };
  for (const auto& c : cases) EXPECT_EQ(check(zone, "a@example.com", c.identifiers).result, c.result);
}

TEST(Dmarc, WhoMayBeSeveralAuthorsIsAPermanentErrorWhereOneOfThemHasAPolicy) {
  const std::string two = "From field: mailboxes of several domains: example.com and evil.example";
  const std::string names = "; it may name example.com, evil.example";
  const struct {
    std::string name;
    Zone zone;
    DmarcResult result;
    std::string problem;
  } cases[] = {
      {"no policy", Zone(), DmarcResult::none, two + names},
      {"a policy of the first", Zone().txt("_dmarc.example.com", "v=DMARC1; p=reject"), DmarcResult::permerror,
       two + names + "; example.com has a DMARC policy"},
      {"a policy of the second", Zone().txt("_dmarc.evil.example", "v=DMARC1; p=none"), DmarcResult::permerror,
       two + names + "; evil.example has a DMARC policy"},
      {"a policy above", Zone().txt("_dmarc.com", "v=DMARC1; p=reject; psd=y"), DmarcResult::permerror,
       two + names + "; com has a DMARC policy"},
      {"a record that does not apply", Zone().txt("_dmarc.example.com", "v=DMARC1; p=x"), DmarcResult::none,
       two + names},
      {"no answer", Zone().timeout("_dmarc.evil.example"), DmarcResult::temperror,
       two + names + "; no answer from DNS for _dmarc.evil.example: timeout"},
      {"a policy, and no answer", Zone().timeout("_dmarc.example.com").txt("_dmarc.evil.example", "v=DMARC1; p=reject"),
       DmarcResult::permerror, two + names + "; evil.example has a DMARC policy"},
  };
  for (const auto& c : cases) {
    // Whatever one of them can show of himself, he may be the other.
    const auto outcome = check(c.zone, "a@example.com, b@evil.example", {dkim("example.com"), spf("evil.example")});
    EXPECT_EQ(outcome.result, c.result) << c.name;
    EXPECT_EQ(outcome.from_domain, "") << c.name;
    EXPECT_EQ(outcome.problem, c.problem) << c.name;
    EXPECT_FALSE(outcome.dkim_aligned || outcome.spf_aligned) << c.name;
  }
}

TEST(Dmarc, TwoFromFieldsOfOneDomainAreTwoAuthors) {
  const auto judge = [](const Zone& zone) {
    const DmarcQuery query{mail::parse_author({"a@example.com", "b@example.com"}), {dkim("example.com")}};
    return dns::testing::run(zone, [&](dns::DnsAnswers& answers) { return check_dmarc(query, answers); }).result;
  };
  EXPECT_EQ(judge(Zone().txt("_dmarc.example.com", "v=DMARC1; p=reject")), DmarcResult::permerror);
  EXPECT_EQ(judge(Zone()), DmarcResult::none);
}

TEST(Dmarc, AnUglyFromWhoseDomainIsCertainIsJudgedAsAnyOther) {
  const Zone zone = Zone().txt("_dmarc.example.com", "v=DMARC1; p=reject");
  for (const std::string from : {"Al <a@example.com>,", "J\xf6rg <a@example.com>", "a..b@example.com",
                                 "\"Al <a@example.com>", "M\xc3\xbcller, Hans <a@example.com>"}) {
    EXPECT_EQ(check(zone, from, {dkim("example.com")}).result, DmarcResult::pass) << from;
    EXPECT_EQ(check(zone, from, {dkim("evil.example")}).result, DmarcResult::fail) << from;
    EXPECT_EQ(check(Zone(), from, {}).result, DmarcResult::none) << from;
  }
  EXPECT_EQ(check(zone, "\"Al <a@example.com>", {dkim("example.com")}).problem,
            "From field: a quoted string that is not closed");
}

TEST(Dmarc, WhoNamesNobodyHasNoPolicyButThatOfHisCompletion) {
  EXPECT_EQ(check(Zone(), "<>", {}).result, DmarcResult::none);
  EXPECT_EQ(check(Zone(), "<>", {}).problem, "From field: an empty address (<>), and no author domain");
  const Zone zone = Zone().txt("_dmarc.example.com", "v=DMARC1; p=reject");
  DmarcQuery query{mail::parse_author({}), {}};
  mail::complete_author(*query.author, "example.com", "mx.example.net");
  const auto judge = [&] {
    return dns::testing::run(zone, [&](dns::DnsAnswers& answers) { return check_dmarc(query, answers); });
  };
  EXPECT_EQ(judge().result, DmarcResult::fail);
  EXPECT_EQ(judge().problem, "no From field, which example.com completes");
  query.identifiers = {spf("example.com")};
  EXPECT_EQ(judge().result, DmarcResult::pass);
}

TEST(Dmarc, WhatCannotBeLookedAtIsAPermanentError) {
  const auto outcome = check(Zone(), "a@example.com" + std::string(20'000, ' '), {dkim("example.com")});
  EXPECT_EQ(outcome.result, DmarcResult::permerror);
  EXPECT_EQ(outcome.problem, "From field: longer than 16384 characters");
}

TEST(Dmarc, TheQuestionsForSeveralAuthorsGoOutTogetherAndAreBounded) {
  std::string from = "x@a.example.com";
  for (std::size_t i = 1; i < mail::max_author_domains; ++i) {
    from += ", x@1.2.3.4.5.6.7.8.d" + std::to_string(i) + ".example";
  }
  std::size_t asked = 0;
  EXPECT_EQ(check(Zone(), from, {}, &asked).result, DmarcResult::none);
  EXPECT_LE(asked, 8 * mail::max_author_domains);
  dns::DnsAnswers answers;
  EXPECT_FALSE(check_dmarc({mail::parse_author({"x@a.example, x@b.test"}), {}}, answers));
  EXPECT_EQ(answers.take_missing().size(), 4U);
}

TEST(Dmarc, OnlyPassingAndUndecidedResultsBecomeIdentifiers) {
  model::SpfOutcome passed;
  passed.result = model::SpfResult::pass;
  passed.domain = "example.com";
  EXPECT_THAT(dmarc_identifiers(passed, {}), ElementsAre(spf("example.com")));
  passed.identity = model::SpfOutcome::Identity::helo;
  EXPECT_THAT(dmarc_identifiers(passed, {}), ElementsAre());
  model::SpfOutcome late;
  late.result = model::SpfResult::temperror;
  late.domain = "example.com";
  EXPECT_THAT(dmarc_identifiers(late, {}), ElementsAre(spf("example.com", State::unknown)));
  late.result = model::SpfResult::softfail;
  EXPECT_THAT(dmarc_identifiers(late, {}), ElementsAre());

  std::vector<model::DkimSignature> signatures(5);
  signatures[0].domain = "late.example";
  signatures[0].result = model::DkimResult::temperror;
  signatures[1].domain = "good.example";
  signatures[1].result = model::DkimResult::pass;
  signatures[2].domain = "partial.example";
  signatures[2].result = model::DkimResult::pass;
  signatures[2].body_length_limited = true;
  signatures[3].domain = "bad.example";
  signatures[3].result = model::DkimResult::fail;
  signatures[4] = signatures[1];
  EXPECT_THAT(dmarc_identifiers(std::nullopt, signatures),
              ElementsAre(dkim("good.example"), dkim("late.example", State::unknown)));
  EXPECT_THAT(dmarc_identifiers(std::nullopt, signatures, true),
              ElementsAre(dkim("good.example"), dkim("partial.example"), dkim("late.example", State::unknown)));
}

TEST(Dmarc, AsksForAllNamesOfAWalkInOneRound) {
  dns::DnsAnswers answers;
  const DmarcQuery query{mail::parse_author({"x@a.example.com"}), {dkim("b.example.com"), spf("esp.example")}};
  EXPECT_FALSE(check_dmarc(query, answers));
  std::vector<std::string> names;
  for (const auto& question : answers.take_missing()) names.push_back(question.name);
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("_dmarc.a.example.com", "_dmarc.b.example.com",
                                                     "_dmarc.example.com", "_dmarc.com"));
}

TEST(Dmarc, TheNumberOfQuestionsIsBounded) {
  std::string deep = "example.com";
  while (deep.size() < 230) deep = "a." + deep;
  std::size_t asked = 0;
  check(Zone(), "x@" + deep, {}, &asked);
  EXPECT_EQ(asked, 8U);
  std::vector<DmarcIdentifier> many;
  for (int i = 0; i < 10'000; ++i) many.push_back(dkim("d" + std::to_string(i) + ".example.com"));
  asked = 0;
  check(Zone().txt("_dmarc.example.com", "v=DMARC1; p=reject"), "x@example.com", many, &asked);
  EXPECT_LE(asked, 2U + max_dmarc_identifiers);
}

TEST(Dmarc, ReadsTheRecordsAtANameOnceHoweverManyWalksAndRoundsThereAre) {
  Zone zone;
  zone.txt("_dmarc.a.example.com", "v=DMARC1; p=reject").txt("_dmarc.example.com", "v=DMARC1; p=reject");
  std::vector<DmarcIdentifier> identifiers;
  for (int i = 0; i < 10; ++i) {
    identifiers.push_back({DmarcIdentifier::Source::dkim, DmarcIdentifier::State::authenticated,
                           "s" + std::to_string(i) + ".a.example.com"});
  }
  mail::Author author;
  author.domains = {"a.example.com"};
  DmarcCheck whole(DmarcQuery{author, identifiers});
  std::size_t rounds = 0;
  const auto outcome = dns::testing::run(zone, [&](dns::DnsAnswers& answers) {
    ++rounds;
    return whole.run(answers);
  });
  EXPECT_EQ(outcome.result, DmarcResult::pass);
  EXPECT_EQ(whole.names_read(), 13U) << "ten signers, the author, example.com and com";
  EXPECT_GT(rounds, 1U);
}

TEST(Dmarc, ANameTooLongForDnsHasNoRecord) {
  std::string longest = "example.com";
  while (longest.size() + 2 <= 253) longest = "a." + longest;
  const Zone zone = Zone().txt("_dmarc.example.com", "v=DMARC1; p=reject");
  EXPECT_EQ(check(zone, "x@" + longest, {}).policy, DmarcPolicy::reject);
}

}  // namespace
}  // namespace connectord::auth
