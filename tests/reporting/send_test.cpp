#include "connectord/reporting/send.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <stop_token>

#include "connectord/reports/report_file.h"
#include "dns/zone.h"
#include "mail_of_a_day.h"

namespace connectord::reporting {
namespace {

using outbox::HandedOver;
using outbox::Mail;
using test::JudgedMail;
using test::today;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Status = Entry::Status;

// Never answers, and has somebody stop the round meanwhile.
class SilentResolver : public dns::Resolver {
 public:
  void resolve(const dns::Question&, const std::string&, Callback callback) override {
    callbacks_.push_back(std::move(callback));
    asked();
  }
  std::function<void()> asked = [] {};

 private:
  std::vector<Callback> callbacks_;
};

class SentReports : public test::DayTest {
 protected:
  void SetUp() override {
    DayTest::SetUp();
    configuration.server.host_name = "mx.example.net";
    configuration.reports.sender = "dmarc-reports@example.net";
    configuration.organization.accepted_domains = {net::DomainPattern::parse("example.net").value()};
    configuration.reports.skip = {net::DomainPattern::parse("*.skipped.example").value()};
    zone.txt("_dmarc.contoso.com", "v=DMARC1; p=reject; rua=mailto:d@contoso.com");
    state = (folder_ / "reports").string();
  }

  Round send(bool at_once = false) {
    const engine::Policy policy(configuration);
    dns::testing::ZoneResolver zone_resolver(zone);
    dns::Resolver& resolver = silent != nullptr ? static_cast<dns::Resolver&>(*silent) : zone_resolver;
    std::stop_source stop;
    if (silent != nullptr) silent->asked = [&stop] { stop.request_stop(); };
    const auto opened = archive();
    const outbox::Key key(std::string(32, 'k'));
    auto ledger = Ledger::open(state, today);
    EXPECT_TRUE(ledger.has_value()) << ledger.error();
    if (!ledger) return {};
    const Tools tools{.policy = policy,
                      .archive = *opened,
                      .resolver = resolver,
                      .key = key,
                      .hand_over =
                          [&](const Mail& mail) {
                            mails.push_back(mail);
                            if (mails.size() >= stop_after) stop.request_stop();
                            return answer;
                          },
                      .unix_time = [this] { return now; },
                      .stop = stop.get_token(),
                      .max_bytes = max_bytes};
    auto round = send_reports(tools, today, *ledger, at_once);
    EXPECT_TRUE(round.has_value()) << round.error();
    return round.value_or(Round{});
  }
  Entry entry(const std::string& domain, const std::string& address) const {
    const auto entries = read_day(state, today).entries;
    const auto found = entries.find({domain, address});
    return found == entries.end() ? Entry{} : found->second;
  }

  model::Configuration configuration;
  dns::testing::Zone zone;
  std::string state;
  std::vector<Mail> mails;
  HandedOver answer{HandedOver::Result::accepted, "250 2.0.0 Ok"};
  std::int64_t now = today.end() + 3600;
  std::size_t stop_after = 1000;
  std::size_t max_bytes = std::size_t{64} << 20U;
  SilentResolver* silent = nullptr;
};

const HandedOver later{HandedOver::Result::temporary, "451 4.3.0 later"};

TEST_F(SentReports, GoToWhoAsksForThemOnce) {
  append(JudgedMail(), 2);
  EXPECT_EQ(send().sent, 1U);
  ASSERT_THAT(mails, SizeIs(1));
  EXPECT_EQ(mails[0].sender, "");
  EXPECT_THAT(mails[0].recipients, ElementsAre("d@contoso.com"));
  EXPECT_THAT(mails[0].content, HasSubstr("From: \"example.net\" <dmarc-reports@example.net>\r\n"));
  EXPECT_THAT(mails[0].content,
              HasSubstr("\r\nSubject: Report Domain: contoso.com Submitter: example.net Report-ID: <"));
  const auto read = reports::read_report_file(mails[0].content);
  ASSERT_THAT(read.reports, SizeIs(1));
  const auto& report = std::get<reports::AggregateReport>(read.reports.front());
  EXPECT_EQ(report.domain, "contoso.com");
  EXPECT_EQ(report.rows.front().count, 2U);
  EXPECT_EQ(entry("contoso.com", "d@contoso.com").status, Status::sent);
  for (const bool at_once : {false, true}) EXPECT_EQ(send(at_once).sent, 0U);
  append(JudgedMail());
  send(true);
  EXPECT_THAT(mails, SizeIs(1));
}

TEST_F(SentReports, AreNotAboutOurselvesNorWhereSomebodyIsLeftOut) {
  for (const char* domain : {"example.net", "a.skipped.example", "asks-nobody.example"}) {
    JudgedMail mail;
    mail.about(domain, domain);
    append(mail);
  }
  zone.txt("_dmarc.example.net", "v=DMARC1; p=none; rua=mailto:d@example.net");
  zone.txt("_dmarc.a.skipped.example", "v=DMARC1; p=none; rua=mailto:d@a.skipped.example");
  zone.txt("_dmarc.asks-nobody.example", "v=DMARC1; p=none");
  EXPECT_EQ(send().left, 1U);
  EXPECT_THAT(mails, IsEmpty());
  EXPECT_EQ(entry("asks-nobody.example", "").status, Status::left);
}

TEST_F(SentReports, KeepToASizeThatIsWanted) {
  zone.txt("_dmarc.fabrikam.example",
           "v=DMARC1; p=none; rua=mailto:a@fabrikam.example!100,mailto:b@fabrikam.example!1m");
  JudgedMail mail;
  mail.about("fabrikam.example", "fabrikam.example");
  append(mail);
  send();
  ASSERT_THAT(mails, SizeIs(1));
  EXPECT_THAT(mails[0].recipients, ElementsAre("b@fabrikam.example"));
  EXPECT_THAT(entry("fabrikam.example", "a@fabrikam.example").words, HasSubstr("at most 100 are wanted"));
}

TEST_F(SentReports, AreTriedAgainForADay) {
  append(JudgedMail());
  answer = later;
  EXPECT_EQ(send().waiting, 1U);
  const std::string content = mails[0].content;
  now += 899;
  send();
  EXPECT_THAT(mails, SizeIs(1));
  now += 1;
  EXPECT_EQ(send().waiting, 1U);
  EXPECT_THAT(mails, SizeIs(2));
  now += 86'400;
  EXPECT_EQ(send().failed, 1U);
  EXPECT_THAT(entry("contoso.com", "d@contoso.com").words, HasSubstr("451"));
  now += 86'400;
  send(true);
  EXPECT_THAT(mails, SizeIs(3));
}

TEST_F(SentReports, AreTheSameWhenTriedAgain) {
  append(JudgedMail());
  answer = later;
  send();
  answer = {HandedOver::Result::accepted, "250 Ok"};
  EXPECT_EQ(send(true).sent, 1U);
  const auto id = [](const Mail& mail) { return mail.message_id; };
  EXPECT_EQ(id(mails[0]), id(mails[1]));
}

TEST_F(SentReports, AreNotSentAgainWhereTheEndIsNotKnown) {
  append(JudgedMail());
  std::filesystem::create_directory(state);
  {
    auto ledger = Ledger::open(state, today);
    ASSERT_TRUE(ledger.has_value());
    ASSERT_TRUE(ledger->note({.domain = "contoso.com", .address = "d@contoso.com", .status = Status::under_way}));
  }
  send(true);
  EXPECT_THAT(mails, IsEmpty());
}

TEST_F(SentReports, WaitForAServerThatIsAway) {
  for (int i = 0; i < 10; ++i) {
    const std::string domain = "d" + std::to_string(i) + ".example";
    zone.txt("_dmarc." + domain, "v=DMARC1; p=none; rua=mailto:d@" + domain);
    JudgedMail mail;
    mail.about(domain, domain);
    append(mail);
  }
  answer = later;
  EXPECT_TRUE(send().is_cut);
  EXPECT_THAT(mails, SizeIs(5));
  answer = {HandedOver::Result::accepted, "250 Ok"};
  EXPECT_EQ(send(true).sent, 10U);
  EXPECT_TRUE(read_day(state, today).is_done);
}

TEST_F(SentReports, GoOnWhereAStopHasCutThem) {
  for (const char* domain : {"a.example", "b.example", "c.example"}) {
    zone.txt(std::string("_dmarc.") + domain,
             std::string("v=DMARC1; p=none; rua=mailto:1@") + domain + ",mailto:2@" + domain);
    JudgedMail mail;
    mail.about(domain, domain);
    append(mail);
  }
  stop_after = 3;
  EXPECT_TRUE(send().is_cut);
  EXPECT_THAT(mails, SizeIs(3));
  stop_after = 1000;
  EXPECT_EQ(send().sent, 3U);
  EXPECT_THAT(mails, SizeIs(6));
}

// In one reading of the day, or in several.
class LargestSentReports : public SentReports, public testing::WithParamInterface<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(MaxBytes, LargestSentReports, testing::Values(std::size_t{64} << 20U, std::size_t{1}));

TEST_P(LargestSentReports, GoToTheDomainsWithTheMostMessages) {
  max_bytes = GetParam();
  configuration.reports.max_domains = 2;
  const std::vector<std::pair<std::string, int>> domains = {
      {"a.example", 1}, {"b.example", 3}, {"c.example", 1}, {"d.example", 2}, {"example.net", 9}};
  for (const auto& [domain, messages] : domains) {
    zone.txt("_dmarc." + domain, "v=DMARC1; p=none; rua=mailto:d@" + domain);
    JudgedMail mail;
    mail.about(domain, domain);
    append(mail, messages);
  }
  const Round round = send();
  EXPECT_EQ(round.sent, 2U);
  EXPECT_EQ(round.beyond, 2U);
  EXPECT_EQ(entry("b.example", "d@b.example").status, Status::sent);
  EXPECT_EQ(entry("d.example", "d@d.example").status, Status::sent);
  EXPECT_EQ(entry("*", "").words, "2 domains with fewer messages get none: reports.max_domains is 2");
  send(true);
  EXPECT_THAT(mails, SizeIs(2));
}

TEST_F(SentReports, DoNotWaitForDnsWhereTheyAreToStop) {
  append(JudgedMail());
  SilentResolver resolver;
  silent = &resolver;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(send().is_cut);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_THAT(read_day(state, today).entries, IsEmpty());
}

TEST_F(SentReports, AreGivenUpWhereTheTraceHasTheMessagesNoMore) {
  append(JudgedMail());
  answer = later;
  send();
  store_.reset();
  std::filesystem::remove(path());
  open();
  EXPECT_EQ(send(true).failed, 1U);
}

TEST_F(SentReports, WaitWhereDnsDoesNotTell) {
  append(JudgedMail());
  const dns::testing::Zone known = zone;
  zone = dns::testing::Zone();
  zone.timeout("_dmarc.contoso.com");
  EXPECT_EQ(send().waiting, 1U);
  EXPECT_EQ(entry("contoso.com", "").status, Status::waiting);
  zone = known;
  EXPECT_EQ(send(true).sent, 1U);
  EXPECT_EQ(entry("contoso.com", "").status, Status::left);
}

TEST_F(SentReports, HaveOneSenderAtATime) {
  const auto ledger = Ledger::open(state, today);
  ASSERT_TRUE(ledger.has_value()) << ledger.error();
  const auto other = Ledger::open(state, today);
  ASSERT_FALSE(other.has_value());
  EXPECT_THAT(other.error(), HasSubstr("another process"));
}

TEST(ReportLedger, PassesOverWhatItCannotRead) {
  const std::string folder = testing::TempDir() + "ledger";
  std::filesystem::create_directory(folder);
  const std::string file = folder + "/dmarc-2026-11-21.jsonl";
  std::ofstream(file)
      << "rubbish\n{\"domain\":3}\n{\"domain\":\"a\",\"to\":\"x@a\",\"status\":\"sent\"}\n{\"domain\":\"b\"";
  std::ofstream(folder + "/dmarc-x.jsonl") << "";
  EXPECT_THAT(days_in(folder), ElementsAre(today));
  {
    auto ledger = Ledger::open(folder, today);
    ASSERT_TRUE(ledger.has_value()) << ledger.error();
    EXPECT_THAT(ledger->record().entries, SizeIs(1));
    ASSERT_TRUE(ledger->note_done(1));
  }
  EXPECT_TRUE(read_day(folder, today).is_done);
  remove_days_before(folder, today);
  EXPECT_THAT(days_in(folder), SizeIs(1));
  remove_days_before(folder, Day{today.number + 1});
  EXPECT_THAT(days_in(folder), IsEmpty());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace connectord::reporting
