#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "connectord/trace/gateway_advice.h"
#include "connectord/trace/named_row.h"
#include "trace/fixture.h"
#include "trace/sqlite.h"

namespace connectord::trace {
namespace {

using namespace test;  // NOLINT: short forms of mail
using model::Action;

// Each is tried on messages without terms, on ones with terms, and on some of both.
class TraceSearch : public TraceTest, public testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    TraceTest::SetUp();
    open();
  }
  // Gives terms to what was written so far, in some of the cases.
  void settle(int when = 1) {
    if (GetParam() >= when) reopen();
  }
};

INSTANTIATE_TEST_SUITE_P(Indexed, TraceSearch, testing::Values(0, 1, 2));

TEST_P(TraceSearch, FindsWhatHoldsNewestFirst) {
  append(Mail()
             .queued_as("1")
             .from("alice@contoso.com")
             .to({"Bob@Example.net"})
             .with_id("<One@contoso.com>")
             .of("contoso"));
  append(Mail().queued_as("2").from("").to({"bob@example.net", "carol@example.net"}).by_client("198.51.100.9"));
  settle(2);
  append(Mail().queued_as("3").from("ALICE@CONTOSO.COM").to({"dave@other.example"}).over("TLSv1.3").at(noon + hour));
  append(Mail()
             .queued_as("4")
             .from("eve@b\xc3\xbc"
                   "cher.example")
             .by_client("2001:db8::5")
             .refused()
             .at(noon + 2 * hour));
  Mail out;
  out.direction = Direction::outbound;
  out.outbound_connector = "Smart";
  append(
      out.queued_as("5").from("user@example.net").to({"x@contoso.com"}).at(noon + 2 * day).decided(Action::quarantine));
  settle();

  struct Case {
    std::string what;
    std::function<void(Query&)> say;
    std::string found;
  };
  const auto network = [](const char* text) { return *net::AddressRange::parse(text); };
  const std::vector<Case> cases = {
      {"all", [](Query&) {}, "5 4 3 2 2 1"},
      {"sender", [](Query& q) { q.sender = "Alice@contoso.com"; }, "3 1"},
      {"sender in brackets", [](Query& q) { q.sender = "<alice@contoso.com>"; }, "3 1"},
      {"sender's domain", [](Query& q) { q.sender = "Contoso.COM"; }, "3 1"},
      {"sender's domain with @", [](Query& q) { q.sender = "@contoso.com"; }, "3 1"},
      {"null sender", [](Query& q) { q.sender = "<>"; }, "2 2"},
      {"internationalized", [](Query& q) { q.sender = "eve@xn--bcher-kva.example"; }, "4"},
      {"internationalized, the other way",
       [](Query& q) {
         q.sender =
             "eve@B\xc3\x9c"
             "cher.example";
       },
       "4"},
      {"recipient", [](Query& q) { q.recipient = "bob@example.net"; }, "2 1"},
      {"recipient's domain", [](Query& q) { q.recipient = "example.net"; }, "4 2 2 1"},
      {"nobody", [](Query& q) { q.recipient = "ob@example.net"; }, ""},
      {"message ID", [](Query& q) { q.message_id = "one@contoso.com"; }, "1"},
      {"message ID in brackets", [](Query& q) { q.message_id = "<one@CONTOSO.com>"; }, "1"},
      {"queue ID", [](Query& q) { q.queue_id = "3"; }, "3"},
      {"client", [&](Query& q) { q.client = network("198.51.100.9"); }, "2 2"},
      {"client of IPv6", [&](Query& q) { q.client = network("2001:db8::/32"); }, "4"},
      {"network", [&](Query& q) { q.client = network("203.0.113.0/24"); }, "5 3 1"},
      {"connector", [](Query& q) { q.connector = "contoso"; }, "1"},
      {"connector in another case", [](Query& q) { q.connector = "CONTOSO"; }, "1"},
      {"outbound connector", [](Query& q) { q.connector = "Smart"; }, "5"},
      {"no connector", [](Query& q) { q.connector = "none"; }, "5 4 3 2 2"},
      {"a connector that never was", [](Query& q) { q.connector = "fabrikam"; }, ""},
      {"status", [](Query& q) { q.status = Status::failed; }, "4"},
      {"another status", [](Query& q) { q.status = Status::getting_status; }, "3 2 2 1"},
      {"action", [](Query& q) { q.action = Action::quarantine; }, "5"},
      {"direction", [](Query& q) { q.direction = Direction::inbound; }, "4 3 2 2 1"},
      {"since", [](Query& q) { q.since = noon + hour; }, "5 4 3"},
      {"until", [](Query& q) { q.until = noon + hour; }, "2 2 1"},
      {"both", [](Query& q) { q.since = noon + 1, q.until = noon + 2 * hour + 1; }, "4 3"},
      {"an empty time", [](Query& q) { q.since = noon + 1, q.until = noon + hour; }, ""},
      {"later than all", [](Query& q) { q.since = noon + 9 * day; }, ""},
      {"earlier than all", [](Query& q) { q.until = noon - 9 * day; }, ""},
      {"several", [](Query& q) { q.sender = "alice@contoso.com", q.recipient = "bob@example.net"; }, "1"},
      {"several that exclude each other", [](Query& q) { q.queue_id = "1", q.status = Status::failed; }, ""},
      {"what could be SQL", [](Query& q) { q.connector = "' OR 1=1 --", q.queue_id = "%"; }, ""},
  };
  for (const Case& one : cases) {
    Query query;
    one.say(query);
    EXPECT_EQ(found(query), one.found) << one.what;
  }
}

TEST_P(TraceSearch, FindsAuthorsWhoeverSentTheirMail) {
  append(Mail().queued_as("1"));  // by alice@contoso.com, who sends it
  append(Mail().queued_as("2").from("bounce+17@lists.example"));
  settle(2);
  append(Mail().queued_as("3").from("").written_by(" \"Bob\" <BOB@Contoso.com>"));
  append(
      Mail().queued_as("4").written_by(" eve@b\xc3\xbc"
                                       "cher.example"));
  append(Mail().queued_as("5").written_by(""));
  settle();
  for (const auto& [author, queue_ids] : std::vector<std::pair<std::string, std::string>>{
           {"alice@contoso.com", "2 1"},
           {"<Alice@Contoso.COM>", "2 1"},
           {"contoso.com", "3 2 1"},
           {"@contoso.com", "3 2 1"},
           {"bob@contoso.com", "3"},
           {"xn--bcher-kva.example", "4"},
           {"lists.example", ""},
           {"bounce+17@lists.example", ""},
       }) {
    Query query;
    query.author = author;
    EXPECT_EQ(found(query), queue_ids) << author;
  }
}

// As a version wrote it that had no terms of authors.
TEST_P(TraceSearch, FindsAuthorsOfMailThatWasIndexedWithoutThem) {
  append(Mail().queued_as("1").from("bounce@lists.example"));
  append(Mail().queued_as("2"));
  store_.reset();
  sqlite::Database database(path(), SQLITE_OPEN_READWRITE, 1000);
  database.execute("DELETE FROM posting; DELETE FROM state WHERE name = 'authors_not_indexed_to'");
  Query query;
  query.author = "alice@contoso.com";
  EXPECT_EQ(found(query), "2 1") << "before the daemon is there";
  open();
  append(Mail().queued_as("3").from("bounce@lists.example"));
  settle();
  EXPECT_EQ(found(query), "3 2 1");
}

TEST_P(TraceSearch, FindsABareWordWhateverItIs) {
  append(Mail().queued_as("4X1").from("alice@contoso.com").to({"bob@example.net"}).with_id("<one@mail.example>"));
  append(Mail().queued_as("4X2").from("").to({"a@other.example", "contoso@example.net"}).by_client("198.51.100.9"));
  settle(2);
  append(Mail().queued_as("4X3").from("x@relay.example").of("contoso").written_by(" news@contoso.com"));
  append(Mail().queued_as("4X4").from("bob@example.net").to({"bob@example.net"}).written_by(" bob@example.net"));
  settle();
  for (const auto& [word, queue_ids] : std::vector<std::pair<std::string, std::string>>{
           {"4X2", "4X2 4X2"},
           {"4x2", ""},
           {"<one@mail.example>", "4X1"},
           {"one@MAIL.example", "4X1"},
           {"bob@example.net", "4X4 4X1"},
           {"contoso.com", "4X3 4X2 4X2 4X1"},  // sender, author of both
           {"other.example", "4X2"},
           {"198.51.100.9", "4X2 4X2"},
           {"203.0.113.0/24", "4X4 4X3 4X1"},
           {"contoso", "4X3"},
           {"none", ""},
           {"nobody", ""},
       }) {
    Query query;
    query.word = word;
    EXPECT_EQ(found(query), queue_ids) << word;
  }
  Query query;
  query.word = "contoso.com";
  query.recipient = "bob@example.net";
  EXPECT_EQ(found(query), "4X1");
  query.recipient.clear();
  query.status = Status::failed;
  EXPECT_EQ(found(query), "");
}

TEST_P(TraceSearch, GivesPagesOfABareWordThatTogetherAreEverythingOnce) {
  for (int i = 0; i < 9; ++i) {
    Mail mail;
    if (i % 3 == 1) mail.from("alice@example.net");
    if (i % 3 == 2) mail.from("").written_by(" x@contoso.com");
    append(mail.queued_as(std::to_string(i)).to({"u@contoso.com", "a@other.example"}));
    if (i == 5) settle(2);
  }
  settle();
  const auto ids_of = [this](std::size_t limit, std::optional<std::int64_t> after) {
    std::vector<std::int64_t> ids;
    Query query;
    query.word = "contoso.com";
    query.limit = limit;
    query.after = after;
    bool goes_on = true;
    while (goes_on) {
      const Page page = search(query);
      EXPECT_LE(page.rows.size(), limit);
      for (const Row& row : page.rows) ids.push_back(row.id);
      if (after && !page.rows.empty()) query.after = page.rows.back().id;
      if (!after) query.cursor = page.next;
      goes_on = !page.next.empty();
    }
    return ids;
  };
  const std::vector<std::int64_t> newest_first = ids_of(100, std::nullopt);
  ASSERT_FALSE(newest_first.empty());
  EXPECT_TRUE(std::is_sorted(newest_first.rbegin(), newest_first.rend()));
  const std::vector<std::int64_t> oldest_first(newest_first.rbegin(), newest_first.rend());
  for (const std::size_t limit : {1U, 2U, 5U, 17U}) {
    EXPECT_EQ(ids_of(limit, std::nullopt), newest_first) << limit;
    EXPECT_EQ(ids_of(limit, 0), oldest_first) << limit;
  }
}

TEST_P(TraceSearch, TellsWhatWasRefusedFromWhatBounced) {
  append(Mail().queued_as("1"));
  append(Mail().queued_as("2").refused());
  LogBatch batch;
  batch.deliveries = {delivery("1", "user@example.net", Status::failed, noon + second)};
  record(batch);
  settle();
  for (const auto& [word, queue_ids] : std::vector<std::pair<std::string, std::string>>{
           {"bounced", "1"}, {"refused", "2"}, {"rejected", "2"}, {"failed", "2 1"}, {"deferred", ""}}) {
    const auto meant = parse_spoken_status(word);
    ASSERT_TRUE(meant.has_value()) << word;
    Query query;
    query.status = meant->status;
    query.was_taken = meant->was_taken;
    EXPECT_EQ(found(query), queue_ids) << word;
  }
  EXPECT_EQ(spoken(Status::failed, Action::accept), "bounced");
  EXPECT_EQ(spoken(Status::failed, Action::reject), "refused");
  EXPECT_EQ(spoken(Status::pending, Action::defer), "deferred");
  EXPECT_EQ(spoken(Status::pending, Action::accept), "deferred");
  EXPECT_FALSE(parse_spoken_status("lost").has_value());
}

TEST_P(TraceSearch, FindsTheMessageThatANameMeans) {
  append(Mail().queued_as("17").with_id("<a@contoso.com>"));
  append(Mail().queued_as("1").with_id("<b@contoso.com>"));
  append(Mail().queued_as("17").with_id("<c@contoso.com>").to({"a@example.net", "b@example.net"}));
  settle();
  const auto named = [this](const std::string& name) {
    const auto found = find_named_row(*archive(), name);
    EXPECT_TRUE(found.has_value());
    return found->value_or(NamedRow{});
  };
  EXPECT_EQ(named("17").row, 3);
  EXPECT_EQ(named("17").others, std::vector<std::int64_t>{1});
  EXPECT_EQ(named("1").row, 1) << "the row, which the list of rows shows";
  EXPECT_EQ(named("1").others, std::vector<std::int64_t>{2});
  EXPECT_EQ(named("4").row, 4) << "the second recipient";
  EXPECT_EQ(named("b@contoso.com").row, 2);
  EXPECT_EQ(named("nothing").row, 0);
}

TEST_P(TraceSearch, NamesTheConnectorsThatMailHasEverHad) {
  append(Mail().of("contoso"));
  settle(2);
  Mail split;
  split.outbound_connector = "smart-host";
  append(split);
  settle();
  const auto names = archive()->connectors();
  ASSERT_TRUE(names.has_value()) << names.error();
  for (const char* name : {"contoso", "smart-host"})
    EXPECT_EQ(std::count(names->begin(), names->end(), name), 1) << name;
}

TEST_P(TraceSearch, KnowsAGatewayThatNobodyLooksThrough) {
  const auto through = [](const std::string& client, const std::string& sender, model::SpfResult result) {
    Mail mail;
    mail.of("gateway").by_client(client).from(sender);
    mail.facts.authentication.spf = model::SpfOutcome();
    mail.facts.authentication.spf->result = result;
    return mail;
  };
  using model::SpfResult;
  for (const char* sender : {"a@contoso.com", "b@fabrikam.example", "c@contoso.com"}) {
    append(through("192.0.2.10", sender, SpfResult::fail));
    append(through("192.0.2.20", "a@contoso.com", SpfResult::softfail));  // one sender only
    append(through("192.0.2.30", sender, SpfResult::fail));
  }
  append(through("192.0.2.30", "d@contoso.com", SpfResult::pass));
  Mail looked_through = through("192.0.2.40", "a@contoso.com", SpfResult::fail);
  looked_through.facts.original = model::OriginalClient{*net::IpAddress::parse("192.0.2.99"), "", "", true, {}};
  append(looked_through);
  settle();
  const auto advice = [this](const std::string& client) {
    Query query;
    query.client = *net::AddressRange::parse(client);
    return gateway_advice(*archive(), detail(search(query).rows.front().id));
  };
  EXPECT_EQ(advice("192.0.2.10"),
            "all 3 of 3 messages of gateway from 192.0.2.10 fail SPF as 192.0.2.10 itself; if that is a gateway of "
            "yours, write [inbound.enhanced_filtering] skip_last = true in the connector");
  for (const char* other : {"192.0.2.20", "192.0.2.30", "192.0.2.40"}) EXPECT_EQ(advice(other), "") << other;
}

TEST_P(TraceSearch, FindsTheOriginalClientToo) {
  Mail mail;
  mail.facts.original = model::OriginalClient{*net::IpAddress::parse("192.0.2.99"), "", "", true, {}};
  append(mail.queued_as("1"));
  settle();
  Query query;
  query.client = *net::AddressRange::parse("192.0.2.99");
  EXPECT_EQ(found(query), "1");
}

TEST_P(TraceSearch, GivesPagesThatTogetherAreEverythingOnce) {
  for (int i = 0; i < 10; ++i) {
    append(Mail().queued_as(std::to_string(i)).to({"a@example.net", "b@example.net", "c@example.net"}));
    if (i == 5) settle(2);
  }
  settle();
  const std::vector<std::function<void(Query&)>> cases = {[](Query&) {}, [](Query& q) { q.recipient = "example.net"; },
                                                          [](Query& q) { q.direction = Direction::inbound; },
                                                          [](Query& q) { q.status = Status::getting_status; }};
  for (const auto& say : cases) {
    for (const std::size_t limit : {1U, 4U, 29U, 30U, 31U}) {
      std::vector<std::int64_t> ids;
      Query query;
      say(query);
      query.limit = limit;
      do {
        const Page page = search(query);
        EXPECT_LE(page.rows.size(), limit);
        for (const Row& row : page.rows) ids.push_back(row.id);
        query.cursor = page.next;
        // What comes meanwhile is on no later page.
        if (ids.size() < 8) append(Mail().to({"later@example.net"}));
      } while (!query.cursor.empty());
      ids.erase(std::remove_if(ids.begin(), ids.end(), [](std::int64_t id) { return id > 30; }), ids.end());
      ASSERT_EQ(ids.size(), 30U) << limit;
      for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], static_cast<std::int64_t>(30 - i));
    }
  }
}

TEST_P(TraceSearch, FollowsNewRowsOldestFirst) {
  append(Mail().queued_as("1").to({"a@example.net", "b@example.net"}));
  append(Mail().queued_as("2").to({"c@example.net"}));
  settle();
  append(Mail().queued_as("3").to({"b@example.net"}));
  Query query;
  query.after = 0;
  EXPECT_EQ(found(query), "1 1 2 3");
  query.after = 1;
  EXPECT_EQ(found(query), "1 2 3");
  query.after = 3;
  EXPECT_EQ(found(query), "3");
  query.after = archive()->last_row().value();
  EXPECT_EQ(found(query), "");
  query.after = 0;
  query.recipient = "b@example.net";
  EXPECT_EQ(found(query), "1 3");
}

TEST_P(TraceSearch, ReportsTheVolumeByHourAndDay) {
  append(Mail().of("contoso").over("TLSv1.3").to({"a@example.net", "b@example.net"}));
  append(Mail().of("contoso").over("TLSv1.2").at(noon + 59 * 60 * second));
  settle(2);
  append(Mail().of("fabrikam").at(noon + hour).refused());
  append(Mail().at(noon + day));
  settle();

  const auto lines = [this](const ReportQuery& query) {
    std::string text;
    const Report made = report(query);
    for (const Volume& volume : made.volumes) {
      text += std::to_string((volume.time - noon) / hour) + " " + volume.group + " " + std::to_string(volume.messages) +
              " " + std::to_string(volume.recipients) + " " + std::to_string(volume.bytes) + "\n";
    }
    return text;
  };
  EXPECT_EQ(lines({Grouping::connector, Interval::whole, noon, noon + 2 * day}),
            "0 contoso 2 3 2000\n0 none 1 1 1000\n0 fabrikam 1 1 1000\n");
  EXPECT_EQ(lines({Grouping::connector, Interval::hour, noon, noon + 2 * day}),
            "0 contoso 2 3 2000\n1 fabrikam 1 1 1000\n24 none 1 1 1000\n");
  EXPECT_EQ(lines({Grouping::tls, Interval::day, noon, noon + 2 * day}),
            "-12 none 1 1 1000\n-12 TLSv1.3 1 2 1000\n-12 TLSv1.2 1 1 1000\n12 none 1 1 1000\n");
  EXPECT_EQ(lines({Grouping::action, Interval::whole, noon, noon + hour}), "0 accept 2 3 2000\n");
  EXPECT_EQ(lines({Grouping::direction, Interval::whole, noon, noon + 2 * day}), "0 inbound 4 5 4000\n");
  EXPECT_EQ(lines({Grouping::outbound_connector, Interval::whole, noon, noon + 2 * day}), "0 none 4 5 4000\n");
  EXPECT_EQ(lines({Grouping::connector, Interval::whole, noon + 10, noon + 20}), "0 contoso 2 3 2000\n")
      << "rounded to whole hours";
}

TEST_P(TraceSearch, CountsWhatWeTriedOurselvesAsADirectionOnly) {
  append(Mail().of("contoso"));
  Mail tried = Mail().of("contoso").refused().queued_as("tried");
  tried.direction = Direction::validation;
  append(tried);
  settle();
  const auto lines = [this](Grouping by) {
    std::string text;
    for (const Volume& volume : report({by, Interval::whole, noon, noon + hour}).volumes) {
      text += volume.group + " " + std::to_string(volume.messages) + "\n";
    }
    return text;
  };
  EXPECT_EQ(lines(Grouping::connector), "contoso 1\n");
  EXPECT_EQ(lines(Grouping::action), "accept 1\n");
  EXPECT_EQ(lines(Grouping::direction), "inbound 1\nvalidation 1\n");
  Query query;
  query.direction = Direction::validation;
  EXPECT_EQ(found(query), "tried");
}

TEST_P(TraceSearch, FindsWhatARuleMatched) {
  append(Mail().queued_as("1").matching("External mark", {"prepend_subject"}));
  append(Mail().queued_as("2"));
  settle(2);
  append(
      Mail().queued_as("3").matching("watch", {"reject"}, model::Mode::audit).to({"a@example.net", "b@example.net"}));
  append(Mail().queued_as("4").matching("watch", {"reject"}).matching("External mark", {"prepend_subject"}).refused());
  settle();
  const auto matched = [this](const std::string& rule) {
    Query query;
    query.rule = rule;
    return found(query);
  };
  EXPECT_EQ(matched("External mark"), "4 1");
  EXPECT_EQ(matched("external MARK"), "4 1");
  EXPECT_EQ(matched("watch"), "4 3 3");
  EXPECT_EQ(matched("External"), "");
  EXPECT_EQ(matched("none"), "");
  Query query;
  query.rule = "watch";
  query.action = Action::reject;
  EXPECT_EQ(found(query), "4");
  query = {};
  query.word = "watch";
  EXPECT_EQ(found(query), "4 3 3");
  EXPECT_EQ(archive()->rules().value(), (std::vector<std::string>{"External mark", "watch"}));
}

TEST_P(TraceSearch, KeepsOfEachRuleWhatItDid) {
  Mail mail;
  mail.matching("first", {"redirect", "severity"});
  mail.decision.rules[0].recipients = {"a@example.net"};
  mail.decision.rules[0].severity = model::RuleSeverity::high;
  mail.matching("second", {});
  mail.decision.rules[1].matched = false;
  mail.decision.rules[1].skipped_because = "an \"archive\" is broken";
  append(mail);
  settle();
  const std::vector<model::RuleHit> rules = search().rows.at(0).message->rules;
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].rule, "first");
  EXPECT_TRUE(rules[0].matched);
  EXPECT_EQ(rules[0].actions, (std::vector<std::string>{"redirect", "severity"}));
  EXPECT_EQ(rules[0].recipients, (std::vector<std::string>{"a@example.net"}));
  EXPECT_EQ(rules[0].severity, model::RuleSeverity::high);
  EXPECT_EQ(rules[0].microseconds, 12);
  EXPECT_FALSE(rules[1].matched);
  EXPECT_EQ(rules[1].skipped_because, "an \"archive\" is broken");
}

TEST_P(TraceSearch, KeepsABoundedNumberOfRules) {
  Mail mail;
  for (int i = 0; i < 1000; ++i) mail.matching("rule " + std::to_string(i), {"bcc"});
  mail.decision.rules[0].recipients.assign(500, "a@example.net");
  append(mail);
  const std::vector<model::RuleHit> rules = search().rows.at(0).message->rules;
  EXPECT_EQ(rules.size(), 64U);
  EXPECT_EQ(rules[0].recipients.size(), 20U);
}

TEST_P(TraceSearch, ReportsByRule) {
  append(Mail().matching("mark", {"prepend_subject"}).to({"a@example.net", "b@example.net"}));
  append(
      Mail().matching("mark", {"prepend_subject"}).matching("watch", {"reject"}, model::Mode::audit).at(noon + hour));
  settle(2);
  Mail unsized;
  unsized.size = std::nullopt;
  append(unsized.matching("watch", {"reject"}).refused().queued_as("").at(noon + day));
  append(Mail());
  settle();
  const auto lines = [this](Grouping by, Interval interval) {
    std::string text;
    const Report made = report({by, interval, noon, noon + 2 * day});
    for (const Volume& volume : made.volumes) {
      text += std::to_string((volume.time - noon) / hour) + " " + volume.group + " " + std::to_string(volume.messages) +
              " " + std::to_string(volume.recipients) + " " + std::to_string(volume.bytes) + "\n";
    }
    return text;
  };
  EXPECT_EQ(lines(Grouping::rule, Interval::whole), "0 mark 2 3 2000\n0 watch 2 2 1000\n");
  EXPECT_EQ(lines(Grouping::rule, Interval::day), "-12 mark 2 3 2000\n-12 watch 1 1 1000\n12 watch 1 1 0\n");
  EXPECT_EQ(lines(Grouping::rule_action, Interval::whole),
            "0 mark: prepend_subject 2 3 2000\n0 watch (audit): reject 1 1 1000\n0 watch: reject 1 1 0\n");
}

TEST_P(TraceSearch, SumsUpHoursByAllThatMessagesHaveInCommon) {
  append(Mail().of("contoso").over("TLSv1.3"));
  append(Mail().of("contoso").over("TLSv1.3").to({"a@example.net", "b@example.net"}));
  settle(2);
  append(Mail().of("contoso").refused().at(noon + hour));
  Mail leaving;
  leaving.direction = Direction::outbound;
  leaving.outbound_connector = "out";
  append(leaving.at(noon + hour));
  Mail ours;
  ours.direction = Direction::validation;
  append(ours);
  append(Mail().at(noon + 3 * day));
  settle();
  std::string text;
  const auto flows = archive()->flows(noon, noon + day);
  ASSERT_TRUE(flows) << flows.error();
  for (const Flow& flow : *flows) {
    text += std::to_string((flow.time - noon) / hour) + " " + std::string(to_string(flow.direction)) + " [" +
            flow.connector + "] [" + flow.outbound_connector + "] [" + flow.tls + "] " +
            std::string(model::to_string(flow.action)) + " " + std::to_string(flow.messages) + " " +
            std::to_string(flow.recipients) + "\n";
  }
  EXPECT_EQ(text,
            "0 inbound [contoso] [] [TLSv1.3] accept 2 3\n"
            "1 inbound [contoso] [] [] reject 1 1\n"
            "1 outbound [] [out] [] accept 1 1\n");
}

TEST_P(TraceSearch, TellsTheStoryOfTheMessageThatARowBelongsTo) {
  append(Mail());
  const std::int64_t id = append_and_look(Mail().to({"a@example.net", "b@example.net"}).queued_as("Q"));
  settle();
  for (const std::int64_t row : {id, id + 1}) {
    const MessageTraceDetail story = detail(row);
    ASSERT_EQ(story.rows.size(), 2U);
    EXPECT_EQ(story.rows[0].rcpt_to, "a@example.net");
    EXPECT_EQ(story.rows[0].message->queue_id, "Q");
  }
  EXPECT_FALSE(archive()->detail(4711).value().has_value());
}

TEST_P(TraceSearch, FindsAMomentAlthoughTheClockWentBack) {
  append(Mail().queued_as("1").at(noon + 5 * hour));
  append(Mail().queued_as("2").at(noon));
  append(Mail().queued_as("3").at(noon + 1));
  append(Mail().queued_as("4").at(noon + 6 * hour));
  settle();
  Query query;
  query.since = noon;
  query.until = noon + hour;
  EXPECT_EQ(found(query), "3 2");
  query.since = noon + 5 * hour;
  query.until = noon + 6 * hour;
  EXPECT_EQ(found(query), "1");
  query.connector = "none";
  EXPECT_EQ(found(query), "1");
}

TEST_F(TraceTest, AMissingTraceSaysHowItComesIntoBeing) {
  const auto opened = open_sqlite_archive(path());
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().find("there is no trace; connectord makes it when it starts"), std::string::npos)
      << opened.error();
}

}  // namespace
}  // namespace connectord::trace
