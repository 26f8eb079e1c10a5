#include <gtest/gtest.h>

#include "trace/fixture.h"

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

TEST_P(TraceSearch, TellsTheStoryOfTheMessageThatARowBelongsTo) {
  append(Mail());
  const std::int64_t id = append_and_look(Mail().to({"a@example.net", "b@example.net"}).queued_as("Q"));
  settle();
  for (const std::int64_t row : {id, id + 1}) {
    const MessageTraceDetail told = detail(row);
    ASSERT_EQ(told.rows.size(), 2U);
    EXPECT_EQ(told.rows[0].rcpt_to, "a@example.net");
    EXPECT_EQ(told.rows[0].message->queue_id, "Q");
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
