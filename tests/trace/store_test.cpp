#include <gtest/gtest.h>

#include "trace/fixture.h"

namespace connectord::trace {
namespace {

using namespace test;  // NOLINT: short forms of mail
using model::Action;

class TraceStore : public TraceTest {};

TEST_F(TraceStore, KeepsOneRowForEachRecipient) {
  open();
  const std::int64_t first = append_and_look(Mail().to({"a@example.net", "b@example.net", "c@example.net"}));
  const std::int64_t second = append_and_look(Mail().to({"d@example.net"}));
  EXPECT_EQ(second, first + 3);
  const Page page = search();
  ASSERT_EQ(page.rows.size(), 4U);
  EXPECT_EQ(page.rows[0].rcpt_to, "d@example.net");
  EXPECT_EQ(page.rows[3].rcpt_to, "a@example.net");
  EXPECT_EQ(page.rows[3].id, first);
  EXPECT_EQ(page.rows[1].message->id, first);
}

TEST_F(TraceStore, KeepsTheOutboundConnectorOfEachRecipientWhereTheyDiffer) {
  open();
  const std::vector<std::string> connectors = {"smart", "", "other"};
  Mail mail;
  mail.to({"a@one.example", "b@two.example", "c@three.example"}).queued_as("SPLIT");
  Entry entry = mail.entry();
  entry.outbound_connectors = connectors;
  ASSERT_TRUE(store_->append(entry));
  Mail all;
  all.outbound_connector = "smart";
  append(all.to({"d@one.example", "e@one.example"}).queued_as("ALL"));
  for (int round = 0; round < 2; ++round) {
    std::string listed;
    for (const Row& row : search().rows) listed += row.rcpt_to.substr(0, 1) + "=" + row.outbound_connector + " ";
    EXPECT_EQ(listed, "e=smart d=smart c=other b= a=smart ");
    listed.clear();
    Query query;
    query.connector = "Smart";
    for (const Row& row : search(query).rows) listed += row.rcpt_to.substr(0, 1);
    EXPECT_EQ(listed, "eda");
    reopen();
  }
}

TEST_F(TraceStore, KeepsAnAnswerThatCameBeforeAnyRecipient) {
  open();
  append(Mail().to({}).decided(Action::defer));
  const Page page = search();
  ASSERT_EQ(page.rows.size(), 1U);
  EXPECT_EQ(page.rows[0].rcpt_to, "");
  EXPECT_EQ(page.rows[0].status, Status::pending);
}

TEST_F(TraceStore, GivesBackAllThatTheSessionKnew) {
  open();
  Mail mail;
  mail.of("contoso").over("TLSv1.3").queued_as("4Yx").with_id(" <id@contoso.com>\r\n").at(noon + 5);
  mail.subject = " A\r\n  subject";
  mail.outbound_connector = "out";
  model::Facts& facts = mail.facts;
  facts.client_port = 25001;
  facts.client_name = "mail.contoso.com";
  facts.helo = "helo.contoso.com";
  facts.certificate.subject_common_name = "mail.contoso.com";
  facts.certificate.issuer_common_name = "CA";
  facts.certificate.sha256 = std::string(64, 'a');
  facts.certificate.public_key_sha256 = std::string(64, 'b');
  facts.sasl_username = "user";
  facts.original = model::OriginalClient{*net::IpAddress::parse("2001:db8::1"), "h", "trail", true, {}};
  auto& results = facts.authentication;
  results.spf = model::SpfOutcome{
      model::SpfResult::softfail, model::SpfOutcome::Identity::helo, "contoso.com", "~all", "why", "problem"};
  results.dkim.emplace().push_back(
      {model::DkimResult::pass, "contoso.com", "s1", "", "rsa-sha256", 2048, true, true, "", "none"});
  results.dmarc = model::DmarcOutcome{model::DmarcResult::fail,
                                      "contoso.com",
                                      "contoso.com",
                                      "contoso.com",
                                      model::DmarcPolicy::reject,
                                      model::DmarcPolicy::reject,
                                      true,
                                      true,
                                      false,
                                      "",
                                      "p"};
  results.arc = model::ArcOutcome{model::ArcResult::pass, {{1, "lists.example", "", ""}}, "q"};
  model::Decision& decision = mail.decision;
  decision.identified_by = model::IdentifiedBy::certificate;
  decision.tag = "contoso";
  decision.dmarc_override = "local_policy";
  decision.quarantine = "p=quarantine";
  decision.reply = model::Reply{550, "5.7.1", "no"};
  decision.findings = {{"require.tls", "contoso", model::Outcome::pass, "TLS", "TLSv1.3", "a \"hint\""},
                       {"dmarc", "", model::Outcome::temperror, "", "bytes \xff\x01", ""}};
  append(mail);
  reopen();

  const Page page = search();
  ASSERT_EQ(page.rows.size(), 1U);
  const Message& kept = *page.rows[0].message;
  EXPECT_EQ(kept.time, noon + 5);
  EXPECT_EQ(kept.connected, noon + 5 - 2000);
  EXPECT_EQ(kept.began, noon + 5 - 1000);
  EXPECT_EQ(kept.queue_id, "4Yx");
  EXPECT_EQ(kept.message_id, "id@contoso.com");
  EXPECT_EQ(kept.client_address, "203.0.113.7");
  EXPECT_EQ(kept.client_port, 25001);
  EXPECT_EQ(kept.client_name, "mail.contoso.com");
  EXPECT_EQ(kept.original_client, "2001:db8::1");
  EXPECT_EQ(kept.helo, "helo.contoso.com");
  EXPECT_EQ(kept.tls, "TLSv1.3");
  EXPECT_EQ(kept.cipher, "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(kept.certificate.subject, "mail.contoso.com");
  EXPECT_EQ(kept.certificate.issuer, "CA");
  EXPECT_EQ(kept.certificate.sha256, std::string(64, 'a'));
  EXPECT_EQ(kept.certificate.public_key_sha256, std::string(64, 'b'));
  EXPECT_EQ(kept.sasl_username, "user");
  EXPECT_EQ(kept.mail_from, "alice@contoso.com");
  EXPECT_EQ(kept.from, "Alice <alice@contoso.com>");
  EXPECT_EQ(kept.subject, "A  subject");
  EXPECT_EQ(kept.size, 1000U);
  EXPECT_EQ(kept.connector, "contoso");
  EXPECT_EQ(kept.outbound_connector, "out");
  EXPECT_EQ(kept.identified_by, "certificate");
  EXPECT_EQ(kept.tag, "contoso");
  EXPECT_EQ(kept.quarantine, "p=quarantine");
  EXPECT_EQ(kept.dmarc_override, "local_policy");
  EXPECT_EQ(kept.reply, "550 5.7.1 no");
  ASSERT_TRUE(kept.authentication.spf && kept.authentication.dkim && kept.authentication.dmarc);
  EXPECT_EQ(kept.authentication.spf->result, model::SpfResult::softfail);
  EXPECT_EQ(kept.authentication.spf->identity, model::SpfOutcome::Identity::helo);
  EXPECT_EQ(kept.authentication.spf->explanation, "why");
  ASSERT_EQ(kept.authentication.dkim->size(), 1U);
  EXPECT_EQ(kept.authentication.dkim->front().result, model::DkimResult::pass);
  EXPECT_EQ(kept.authentication.dkim->front().key_bits, 2048U);
  EXPECT_TRUE(kept.authentication.dkim->front().body_length_limited);
  EXPECT_EQ(kept.authentication.dmarc->result, model::DmarcResult::fail);
  EXPECT_EQ(kept.authentication.dmarc->policy, model::DmarcPolicy::reject);
  EXPECT_TRUE(kept.authentication.dmarc->spf_aligned);
  ASSERT_TRUE(kept.authentication.arc);
  EXPECT_EQ(kept.authentication.arc->sets.front().domain, "lists.example");
  ASSERT_EQ(kept.findings.size(), 2U);
  EXPECT_EQ(kept.findings[0].check, "require.tls");
  EXPECT_EQ(kept.findings[0].connector, "contoso");
  EXPECT_EQ(kept.findings[0].expected, "TLS");
  EXPECT_EQ(kept.findings[0].seen, "TLSv1.3");
  EXPECT_EQ(kept.findings[0].hint, "a \"hint\"");
  EXPECT_EQ(kept.findings[1].outcome, model::Outcome::temperror);
  EXPECT_EQ(kept.findings[1].seen, "bytes \xEF\xBF\xBD\x01");
}

TEST_F(TraceStore, KeepsOfEachTextAsMuchAsIsNeeded) {
  open();
  const std::string endless(100'000, 'x');
  Mail mail;
  mail.queued_as(endless).with_id(endless).to({endless}).over("TLSv1.2").of(endless);
  mail.subject = endless;
  mail.facts.mail_from.address = endless;
  mail.facts.helo = endless;
  mail.facts.client_name = endless;
  mail.decision.reply = model::Reply{550, "5.7.1", endless};
  for (int i = 0; i < 1000; ++i) {
    mail.decision.findings.push_back({"check", endless, model::Outcome::pass, endless, endless, endless});
  }
  append(mail);
  EXPECT_EQ(search().rows.at(0).message->findings.size(), 64U);
  store_.reset();
  EXPECT_LT(std::filesystem::file_size(path()), 400'000U);
}

TEST_F(TraceStore, EachActionHasItsFirstStatus) {
  open();
  const std::vector<std::pair<Action, Status>> cases = {{Action::accept, Status::getting_status},
                                                        {Action::reject, Status::failed},
                                                        {Action::defer, Status::pending},
                                                        {Action::quarantine, Status::quarantined}};
  for (const auto& [action, status] : cases) {
    append(Mail().decided(action));
    EXPECT_EQ(search().rows.at(0).status, status) << model::to_string(action);
    EXPECT_EQ(search().rows.at(0).message->action, action);
  }
}

TEST_F(TraceStore, GoesOnWithTheNextNumberAfterARestart) {
  open();
  const std::int64_t first = append_and_look(Mail().to({"a@example.net", "b@example.net"}));
  reopen();
  EXPECT_EQ(append_and_look(Mail()), first + 2);
}

TEST_F(TraceStore, FailsBeforeItsStartAndAfterItsEnd) {
  SqliteStore store(options(), log_);
  EXPECT_EQ(store.append(Mail().entry()).error(), "the trace is not open");
  store.start();
  EXPECT_TRUE(store.append(Mail().entry()).has_value());
  store.stop();
  EXPECT_EQ(store.append(Mail().entry()).error(), "the trace is closed");
}

TEST_F(TraceStore, ManyThreadsAppendAndEveryEntryIsThereWhenItsCallReturns) {
  open();
  constexpr int threads = 16;
  constexpr int each = 50;
  std::atomic<int> missing = 0;
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([this, t, &missing] {
        const auto reader = open_sqlite_archive(path());
        for (int i = 0; i < each; ++i) {
          const std::string queue_id = std::to_string(t) + "Q" + std::to_string(i);
          if (!store_->append(Mail().queued_as(queue_id).entry())) ++missing;
          Query query;
          query.queue_id = queue_id;
          if (reader.value()->search(query).value().rows.size() != 1) ++missing;
        }
      });
    }
  }
  EXPECT_EQ(missing, 0);
  Query all;
  all.limit = 10'000;
  EXPECT_EQ(search(all).rows.size(), static_cast<std::size_t>(threads * each));
}

TEST_F(TraceStore, ThreadsThatAppendWhileItStopsAreAnswered) {
  for (int round = 0; round < 20; ++round) {
    open();
    std::atomic<int> kept = 0;
    {
      std::vector<std::jthread> workers;
      for (int t = 0; t < 4; ++t) {
        workers.emplace_back([this, &kept] {
          while (store_->append(Mail().entry())) ++kept;
        });
      }
      EXPECT_TRUE(eventually([&kept] { return kept > 4; }));
      store_->stop();
    }
    Query all;
    all.limit = 1'000'000;
    EXPECT_EQ(search(all).rows.size(), static_cast<std::size_t>(kept.load()));
    store_.reset();
    std::filesystem::remove(path());
  }
}

TEST_F(TraceStore, RemovesWhatIsOlderThanItKeepsInSmallSteps) {
  SqliteOptions with = options();
  with.keep = std::chrono::hours(48);
  open(with);
  for (int i = 0; i < 1200; ++i)
    append(Mail().at(noon - 3 * day).to({"a@example.net", "b@example.net"}).queued_as("OLD"));
  append(Mail().at(noon - hour).queued_as("NEW"));
  LogBatch batch;
  batch.deliveries = {delivery("OLD", "a@example.net", Status::delivered, noon - 3 * day)};
  batch.children = {{"OLD", "OLD2", noon}};
  record(batch);
  store_.reset();
  open(with);
  EXPECT_TRUE(eventually([this] { return search().rows.size() == 1; }));
  EXPECT_EQ(found(), "NEW");
  Query old;
  old.queue_id = "OLD";
  EXPECT_EQ(found(old), "");
  EXPECT_TRUE(eventually([this] {
    const auto sums = report({Grouping::direction, Interval::whole, 0, noon});
    return sums.volumes.size() == 1 && sums.volumes[0].messages == 1;
  }));
}

TEST_F(TraceStore, IsReadableForItsOwnerAndGroupOnly) {
  open();
  append(Mail());
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat status {};
    ASSERT_EQ(::stat((path() + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0777U, 0640U) << suffix;
  }
}

}  // namespace
}  // namespace connectord::trace
