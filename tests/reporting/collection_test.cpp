#include "connectord/reporting/collection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "connectord/reporting/aggregate_xml.h"
#include "mail_of_a_day.h"

namespace connectord::reporting {
namespace {

using model::Action;
using model::DkimResult;
using model::DmarcPolicy;
using model::DmarcResult;
using reports::AggregateReport;
using reports::AggregateRow;
using reports::CheckedIdentity;
using test::JudgedMail;
using test::today;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using trace::test::day;
using trace::test::hour;
using trace::test::noon;

const Reporter reporter{.organization = "Example <Net> & \"Sons\"",
                        .domain = "example.net",
                        .address = "dmarc-reports@example.net",
                        .host_name = "mx.example.net"};

class ReportOfADay : public test::DayTest {
 protected:
  // Several passes, where there is no room for all domains at once.
  std::map<std::string, AggregateReport> reports(std::size_t max_bytes = std::size_t{1} << 24U, std::size_t piece = 3) {
    std::map<std::string, AggregateReport> made;
    const auto opened = archive();
    std::string after;
    do {
      Collection collection(
          after, [](const std::string& domain) { return domain != "unwanted.example"; }, max_bytes);
      trace::DmarcRows which{.since = today.begin() * 1000, .until = today.end() * 1000, .most = piece};
      for (;;) {
        const auto end = opened->dmarc_rows(which, [&](const trace::DmarcRow& row) { collection.add(row); });
        EXPECT_TRUE(end.has_value()) << end.error();
        if (!end || !*end) break;
        which.after = **end;
      }
      for (const auto& [name, messages] : collection.domains()) {
        EXPECT_EQ(made.count(name), 0U) << name;
        made.emplace(name, make_report(name, messages, today, reporter, ""));
      }
      after = collection.end_of_pass();
      ++passes;
    } while (!after.empty() && passes < 100);
    return made;
  }
  AggregateReport report(const std::string& domain = "contoso.com") {
    auto made = reports();
    return made.count(domain) > 0 ? made[domain] : AggregateReport{};
  }
  AggregateRow only_row() {
    auto made = report();
    EXPECT_THAT(made.rows, SizeIs(1));
    return made.rows.empty() ? AggregateRow{} : made.rows.front();
  }

  int passes = 0;
};

TEST_F(ReportOfADay, CountsMailThatIsAlike) {
  append(JudgedMail(), 5);
  JudgedMail other;
  other.by_client("2001:db8::7");
  append(other, 2);
  const AggregateReport made = report();
  ASSERT_THAT(made.rows, SizeIs(2));
  EXPECT_EQ(made.rows[0].source, "2001:db8::7");
  EXPECT_EQ(made.rows[0].count, 2U);
  EXPECT_EQ(made.rows[1].source, "203.0.113.7");
  EXPECT_EQ(made.rows[1].count, 5U);
  EXPECT_EQ(made.rows[1].disposition, "reject");
  EXPECT_EQ(made.rows[1].header_from, "contoso.com");
  EXPECT_EQ(made.rows[1].envelope_from, "contoso.com");
  EXPECT_THAT(made.rows[1].spf,
              ElementsAre(CheckedIdentity{.domain = "contoso.com", .result = "fail", .scope = "mfrom"}));
  EXPECT_EQ(made.policy, "reject");
  EXPECT_EQ(made.published.discovery_method, "treewalk");
}

// In rows that have their hour, and in those that have none yet.
TEST_F(ReportOfADay, IsAboutThatDayAndMailThatIsToBeReported) {
  for (const std::int64_t time : {noon - day, noon - 12 * hour - 1, noon + 12 * hour}) {
    JudgedMail mail;
    mail.at(time);
    append(mail);
  }
  JudgedMail first;
  first.at(noon - 12 * hour);
  append(first);
  append(JudgedMail(), 1, false);
  JudgedMail test;
  test.direction = trace::Direction::validation;
  append(test);
  JudgedMail refused;
  refused.stage = trace::Stage::rcpt_to;
  append(refused);
  reopen();
  JudgedMail last;
  last.at(noon + 12 * hour - 1);
  append(last);
  EXPECT_EQ(only_row().count, 2U);
}

TEST_F(ReportOfADay, IsMadeForEachPolicyDomain) {
  JudgedMail below;
  below.about("sub.contoso.com", "contoso.com");
  append(below);
  append(JudgedMail());
  JudgedMail own;
  own.about("own.contoso.com", "own.contoso.com");
  append(own);
  JudgedMail unwanted;
  unwanted.about("unwanted.example", "unwanted.example");
  append(unwanted);
  auto made = reports();
  EXPECT_THAT(made, SizeIs(2));
  EXPECT_THAT(made["contoso.com"].rows, SizeIs(2));
  EXPECT_THAT(made["own.contoso.com"].rows, SizeIs(1));
}

TEST_F(ReportOfADay, TakesSeveralPassesWhereThereIsNoRoom) {
  for (int i = 0; i < 30; ++i) {
    JudgedMail mail;
    const std::string domain = std::string(1, static_cast<char>('a' + i % 15)) + ".example";
    mail.about(domain, domain);
    mail.by_client("203.0.113." + std::to_string(i / 15 + 1));
    append(mail);
  }
  EXPECT_THAT(reports(2'000), SizeIs(15));
  EXPECT_GT(passes, 3);
  passes = 0;
  auto at_once = reports();
  EXPECT_EQ(passes, 1);
  EXPECT_THAT(at_once["o.example"].rows, SizeIs(2));
}

TEST_F(ReportOfADay, SaysWhatWasDoneAndWhyNotMore) {
  struct Case {
    const char* what;
    JudgedMail mail;
    const char* disposition;
    std::vector<reports::OverrideReason> reasons;
  };
  JudgedMail passing_none = JudgedMail().passing();
  passing_none.asked_for(DmarcPolicy::none, "p=none");
  JudgedMail held = JudgedMail().asked_for(DmarcPolicy::quarantine, "p=quarantine");
  held.decided(Action::quarantine);
  JudgedMail marked = JudgedMail().asked_for(DmarcPolicy::quarantine, "p=quarantine");
  marked.decided(Action::accept);
  marked.decision.quarantine = "DMARC policy of contoso.com for contoso.com";
  JudgedMail testing = JudgedMail().asked_for(DmarcPolicy::none, "p=quarantine; t=y");
  testing.dmarc().published = DmarcPolicy::quarantine;
  testing.dmarc().testing = true;
  testing.decided(Action::accept);
  JudgedMail undecided;
  undecided.dmarc().result = DmarcResult::temperror;
  undecided.dmarc().problem = "SPF of contoso.com had a temporary error";
  undecided.let_in("the connector is in audit mode");
  JudgedMail gone;
  gone.decided(Action::discard);
  const std::vector<Case> cases = {
      {"rejected", JudgedMail(), "reject", {}},
      {"passing", JudgedMail().passing(), "pass", {}},
      {"passing, and nothing is asked", passing_none, "none", {}},
      {"held", held, "quarantine", {}},
      {"marked", marked, "quarantine", {}},
      {"tested", testing, "none", {{"policy_test_mode"}}},
      {"let in by a connector",
       JudgedMail().let_in("the connector is in audit mode"),
       "none",
       {{"local_policy", "the connector is in audit mode"}}},
      {"let in by a sealer",
       JudgedMail().let_in(std::string(model::override_by_sealer)),
       "none",
       {{"trusted_forwarder", std::string(model::override_by_sealer)}}},
      {"not decided", undecided, "none", {{"other", "not decided: SPF of contoso.com had a temporary error"}}},
      {"discarded", gone, "none", {{"local_policy"}}},
  };
  for (const Case& one : cases) {
    store_.reset();
    std::filesystem::remove(path());
    open();
    append(one.mail);
    const AggregateRow row = only_row();
    EXPECT_EQ(row.disposition, one.disposition) << one.what;
    EXPECT_EQ(row.reasons, one.reasons) << one.what;
  }
}

TEST_F(ReportOfADay, LeavesOutWhatIsNotDecided) {
  JudgedMail deferred;
  deferred.decided(Action::defer);
  append(deferred);
  JudgedMail several;
  several.dmarc().result = DmarcResult::permerror;
  several.dmarc().from_domain.clear();
  several.dmarc().record_domain = "contoso.com";
  append(several);
  EXPECT_THAT(report().rows, IsEmpty());
}

TEST_F(ReportOfADay, HasAllSignaturesTheAuthorsFirst) {
  JudgedMail mail;
  mail.signed_by("broken.example", DkimResult::fail, "body \x01 has changed")
      .signed_by("list.example", DkimResult::pass);
  mail.signed_by("mail.contoso.com", DkimResult::pass).signed_by("contoso.com", DkimResult::pass);
  append(mail);
  EXPECT_THAT(only_row().dkim, ElementsAre(CheckedIdentity{"contoso.com", "s1", "pass"},
                                           CheckedIdentity{"mail.contoso.com", "s1", "pass"},
                                           CheckedIdentity{"list.example", "s1", "pass"},
                                           CheckedIdentity{"broken.example", "s1", "fail", "", "body ? has changed"}));
}

TEST_F(ReportOfADay, HasSpfOfMailFromAlone) {
  JudgedMail null_sender;
  null_sender.from("");
  null_sender.spf().domain = "mx.contoso.com";
  append(null_sender);
  EXPECT_EQ(only_row().envelope_from, "");
  EXPECT_EQ(only_row().spf.front().domain, "mx.contoso.com");
  store_.reset();
  std::filesystem::remove(path());
  open();
  JudgedMail helo;
  helo.spf().identity = model::SpfOutcome::Identity::helo;
  append(helo);
  EXPECT_THAT(only_row().spf, IsEmpty());
}

TEST_F(ReportOfADay, HasThePolicyOfTheLastMessage) {
  append(JudgedMail());
  JudgedMail later;
  later.at(noon + hour);
  later.asked_for(DmarcPolicy::quarantine, "p=quarantine; sp=none; np=reject; adkim=s; aspf=s; t=y; psd=n; fo=1:d");
  append(later);
  JudgedMail earlier;
  earlier.at(noon - hour);
  append(earlier);
  const AggregateReport made = report();
  EXPECT_EQ(made.policy, "quarantine");
  EXPECT_EQ(made.published, (reports::PublishedPolicy{.subdomains = "none",
                                                      .non_existent = "reject",
                                                      .adkim = "s",
                                                      .aspf = "s",
                                                      .failure_options = "1:d",
                                                      .testing = "y",
                                                      .discovery_method = "treewalk"}));
  EXPECT_EQ(made.rows.size(), 2U);
}

TEST_F(ReportOfADay, BehindAGatewayNamesTheOriginalClient) {
  JudgedMail mail;
  mail.facts.original.emplace();
  mail.facts.original->moved = true;
  mail.facts.original->address = *net::IpAddress::parse("198.51.100.9");
  append(mail);
  EXPECT_EQ(only_row().source, "198.51.100.9");
}

TEST_F(ReportOfADay, KeepsTheMostFrequentRows) {
  for (int i = 1; i <= 5; ++i) {
    JudgedMail mail;
    mail.by_client("203.0.113." + std::to_string(i));
    append(mail, i);
  }
  Collection collection(
      {}, [](const std::string&) { return true; }, 1 << 20);
  ASSERT_TRUE(archive()->dmarc_rows({.since = today.begin() * 1000, .until = today.end() * 1000},
                                    [&](const trace::DmarcRow& row) { collection.add(row); }));
  const auto made = make_report("contoso.com", collection.domains().begin()->second, today, reporter, "no p", 2);
  ASSERT_THAT(made.rows, SizeIs(2));
  EXPECT_EQ(made.rows[0].count + made.rows[1].count, 9U);
  EXPECT_EQ(made.error, "no p; the report is cut: 6 messages of rarer kinds are left out");
}

TEST(ReportName, IsTheSameEachTimeAndForNoOther) {
  const ReportName name = name_of("contoso.com", today, reporter);
  EXPECT_EQ(name.id, name_of("contoso.com", today, reporter).id);
  EXPECT_NE(name.id, name_of("contoso.org", today, reporter).id);
  EXPECT_NE(name.id, name_of("contoso.com", Day{today.number + 1}, reporter).id);
  EXPECT_THAT(name.id, testing::MatchesRegex("2026-11-21\\.[0-9a-f]+@mx\\.example\\.net"));
  EXPECT_THAT(name.file_name,
              testing::MatchesRegex("example\\.net!contoso\\.com!1795219200!1795305599![0-9a-f]+\\.xml\\.gz"));
  EXPECT_EQ(name.subject, "Report Domain: contoso.com Submitter: example.net Report-ID: <" + name.id + ">");
}

// With xmllint of libxml2, so that it is not ourselves who say that it is right.
bool is_valid(const std::string& xml) {
  const std::string file = testing::TempDir() + "report-" + std::to_string(getpid()) + ".xml";
  std::ofstream(file) << xml;
  const std::string command =
      "xmllint --nonet --noout --schema " CONNECTORD_SOURCE_DIR "/tests/reporting/rfc9990.xsd " + file + " 2>&1";
  return std::system(command.c_str()) == 0;  // NOLINT: no text of the command comes from elsewhere
}

TEST_F(ReportOfADay, IsWrittenAsTheSchemaHasItAndReadAgain) {
  append(JudgedMail());
  append(JudgedMail().passing(), 3);
  JudgedMail odd;
  odd.by_client("2001:db8::");
  odd.let_in("a <\x02> & \"b\"");
  odd.signed_by("list.example", DkimResult::permerror, "no key: ]]> \xff").signed_by("a.example", DkimResult::pass);
  odd.asked_for(DmarcPolicy::reject, "p=reject; sp=quarantine; fo=1");
  odd.from("");
  append(odd);
  JudgedMail mapped;
  mapped.by_client("::1");
  append(mapped);
  AggregateReport made = report();
  made.error = "record at _dmarc.contoso.com: \x01 <x>";
  const std::string xml = to_xml(made);
  EXPECT_TRUE(is_valid(xml)) << xml;
  auto read = reports::read_aggregate_report(xml);
  ASSERT_TRUE(read.has_value()) << read.error();
  EXPECT_EQ(read->id, made.id);
  EXPECT_EQ(read->organization, reporter.organization);
  EXPECT_EQ(read->email, reporter.address);
  EXPECT_EQ(read->begin, today.begin());
  EXPECT_EQ(read->policy, made.policy);
  EXPECT_EQ(read->published, made.published);
  ASSERT_EQ(read->rows.size(), made.rows.size());
  for (std::size_t i = 0; i < made.rows.size(); ++i) {
    const AggregateRow& a = made.rows[i];
    const AggregateRow& b = read->rows[i];
    EXPECT_EQ(a.source, b.source);
    EXPECT_EQ(a.count, b.count);
    EXPECT_EQ(a.disposition, b.disposition);
    EXPECT_EQ(a.is_aligned(), b.is_aligned());
    EXPECT_EQ(a.reasons, b.reasons);
    EXPECT_EQ(a.envelope_from, b.envelope_from);
    EXPECT_EQ(a.dkim, b.dkim);
    EXPECT_EQ(a.spf, b.spf);
  }
}

TEST(ReportXml, TheSchemaOfTheTestsRefusesOthers) {
  EXPECT_FALSE(is_valid(to_xml({})));
}

TEST(DmarcKey, IsReadFromNothingElse) {
  for (const char* text : {"", "0", "0\x04",
                           "0\x04"
                           "abcd",
                           "0\x04"
                           "abcdx.example"}) {
    EXPECT_FALSE(trace::read_dmarc_key(text)) << text;
  }
}

}  // namespace
}  // namespace connectord::reporting
