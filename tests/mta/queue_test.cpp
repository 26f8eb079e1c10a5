#include "connectord/mta/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "connectord/mta/queue_report.h"
#include "connectord/net/domain_name.h"

namespace connectord::mta {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t now = 1'795'903'200;  // 2026-11-28 22:00 UTC

// As Postfix 3.7 prints it.
constexpr const char* postqueue = R"({"queue_name": "deferred", "queue_id": "4A3B2C1D0E", "arrival_time": 1795899600, )"
                                  R"("message_size": 512, "forced_expire": false, "sender": "carol@example.net", )"
                                  R"("recipients": [{"address": "alice@contoso.com", "delay_reason": )"
                                  R"("connect to mx.contoso.com[192.0.2.1]:25: Connection refused"}]})"
                                  "\n"
                                  R"({"queue_name": "hold", "queue_id": "5A3B2C1D0E", "arrival_time": 1795896000, )"
                                  R"("message_size": 100, "sender": "MAILER-DAEMON", "recipients": )"
                                  R"([{"address": "bob@contoso.com"}, {"address": "eve@fabrikam.com"}]})"
                                  "\n"
                                  "Mail queue is empty\n";

// As Sendmail 8.17.1 prints it for mailq -v: the first has a body of eight bits, of the second the sender was warned,
// and its second recipient comes from the alias of a user.
constexpr const char* verbose_mailq = R"(WARNING: local host name (vm) is not qualified; see cf/README: WHO AM I?
		/var/spool/mqueue (2 requests)
-----Q-ID----- --Size-- -Priority- ---Q-Time--- --------Sender/Recipient--------
5ASL0u0b001234        5     120345 Nov 28 21:00 <carol@example.net>
      8BITMIME   (Deferred: Connection refused by mx1.a-rather-long-name-of-a-host.subsidiary.contoso.com.)
						<alice.with.a.rather.long.name.of.her.own@subsidiary.contoso.com>
						<bob@contoso.com>
5ASL0u0b001235        5     120345+Nov 28 21:00 <carol@example.net>
                 (Deferred: Connection refused by mx1.a-rather-long-name-of-a-host.subsidiary.contoso.com.)
						<alice.with.a.rather.long.name.of.her.own@subsidiary.contoso.com>
						(---:carol---)
						<bob@contoso.com>
		Total requests: 2
)";

constexpr const char* mailq = R"(		/var/spool/mqueue (2 requests)
-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------
5ASLu0aB001234*    5120 Sat Nov 28 21:00 <carol@example.net>
                 (Deferred: Connection refused by mx.contoso.com.)
					 <alice@contoso.com>
					 <bob@contoso.com>
5ARLu0aB001235       12 Thu Dec 31 20:00 MAILER-DAEMON
					 <eve@fabrikam.com>
		Total requests: 2
)";

model::OutboundConnector connector(const std::string& name, const std::string& domain,
                                   std::vector<model::SmartHost> hosts) {
  model::OutboundConnector made;
  made.name = name;
  made.recipient_domains = {net::DomainPattern::parse(domain).value()};
  made.route.smart_hosts = std::move(hosts);
  return made;
}

engine::Policy policy_with_contoso() {
  model::Configuration configuration;
  configuration.outbound = {
      connector("contoso-out", "contoso.com", {{"mx1.contoso.com", false, {}}, {"192.0.2.2", false, 2525}})};
  return engine::Policy(configuration);
}

TEST(Postqueue, IsReadLineByLine) {
  const Queue queue = parse_postqueue(postqueue);
  ASSERT_THAT(queue.messages, SizeIs(2));
  const QueuedMessage& first = queue.messages[0];
  EXPECT_EQ(first.queue_id, "4A3B2C1D0E");
  EXPECT_EQ(first.arrived, 1'795'899'600);
  EXPECT_EQ(first.size, 512U);
  EXPECT_EQ(first.sender, "carol@example.net");
  ASSERT_THAT(first.recipients, SizeIs(1));
  EXPECT_EQ(first.recipients[0].reason, "connect to mx.contoso.com[192.0.2.1]:25: Connection refused");
  EXPECT_FALSE(first.held);
  const QueuedMessage& second = queue.messages[1];
  EXPECT_TRUE(second.held);
  EXPECT_EQ(second.sender, "") << "a bounce";
  EXPECT_EQ(second.recipients[1].reason, "");
}

TEST(Postqueue, OfWhichPartsAreOfAnotherTypeIsReadAsFarAsItGoes) {
  for (const char* text : {"", "{", "[]", "7", R"({"queue_id": 7})", R"({"queue_id": ""})", "\xff\n\n"}) {
    EXPECT_THAT(parse_postqueue(text).messages, IsEmpty()) << text;
  }
  const Queue queue = parse_postqueue(R"({"queue_id": "A", "arrival_time": "x", "recipients": [7, {"address": []}]})");
  ASSERT_THAT(queue.messages, SizeIs(1));
  EXPECT_EQ(queue.messages[0].arrived, 0);
  EXPECT_THAT(queue.messages[0].recipients, SizeIs(1));
}

TEST(Postqueue, IsBounded) {
  std::string text;
  for (std::size_t i = 0; i < max_queued_messages + 3; ++i) text += "{\"queue_id\": \"A\"}\n";
  const Queue queue = parse_postqueue(text);
  EXPECT_THAT(queue.messages, SizeIs(max_queued_messages));
  EXPECT_EQ(queue.left_out, 3U);
}

TEST(Mailq, IsReadWithItsReasonsAndTheYearThatItLeavesOut) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  const Queue queue = parse_mailq(mailq, now);
  ASSERT_THAT(queue.messages, SizeIs(2));
  const QueuedMessage& first = queue.messages[0];
  EXPECT_EQ(first.queue_id, "5ASLu0aB001234");
  EXPECT_EQ(first.arrived, now - 3600);
  EXPECT_EQ(first.size, 5120U);
  EXPECT_EQ(first.sender, "carol@example.net");
  ASSERT_THAT(first.recipients, SizeIs(2));
  EXPECT_EQ(first.recipients[1].address, "bob@contoso.com");
  EXPECT_EQ(first.recipients[1].reason, "Deferred: Connection refused by mx.contoso.com.");
  EXPECT_EQ(queue.messages[1].arrived, 1'767'211'200) << "2025-12-31 20:00 UTC";
  EXPECT_EQ(queue.messages[1].sender, "");
  EXPECT_THAT(queue.messages[1].recipients, SizeIs(1));
}

TEST(Mailq, OfMuchDetailHasWholeAddressesAndReasons) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  const Queue queue = parse_mailq(verbose_mailq, now);
  ASSERT_THAT(queue.messages, SizeIs(2));
  for (const QueuedMessage& message : queue.messages) {
    EXPECT_EQ(message.arrived, now - 3600) << message.queue_id;
    EXPECT_EQ(message.size, 5U);
    EXPECT_EQ(message.sender, "carol@example.net");
    ASSERT_THAT(message.recipients, SizeIs(2)) << message.queue_id;
    EXPECT_EQ(message.recipients[0].address, "alice.with.a.rather.long.name.of.her.own@subsidiary.contoso.com");
    EXPECT_EQ(message.recipients[1].reason,
              "Deferred: Connection refused by mx1.a-rather-long-name-of-a-host.subsidiary.contoso.com.");
  }
}

TEST(Mailq, ThatIsEmptyHasNoMessages) {
  EXPECT_THAT(parse_mailq("/var/spool/mqueue is empty\n\t\tTotal requests: 0\n", now).messages, IsEmpty());
}

TEST(QueueReport, SaysWhatWaitsForWhichNextHopAndWhenItEnds) {
  Queue queue = parse_postqueue(postqueue);
  queue.times = {.lifetime = 432'000, .bounce_lifetime = 86'400};
  queue.messages[0].next_try = now + 300;
  const QueueReport report = report_queue(queue, policy_with_contoso());
  ASSERT_THAT(report.lines, SizeIs(2));
  const QueueLine& contoso = report.lines[0];
  EXPECT_EQ(contoso.connector, "contoso-out");
  EXPECT_EQ(contoso.next_hop, "[mx1.contoso.com], [192.0.2.2]:2525");
  EXPECT_EQ(contoso.messages, 2U);
  EXPECT_EQ(contoso.recipients, 2U);
  EXPECT_EQ(contoso.held, 1U);
  EXPECT_EQ(contoso.tried, 1U);
  EXPECT_EQ(contoso.oldest, 1'795'896'000);
  EXPECT_EQ(contoso.last_error, "connect to mx.contoso.com[192.0.2.1]:25: Connection refused");
  EXPECT_EQ(contoso.next_try, now + 300);
  EXPECT_EQ(contoso.first_bounce, 1'795'899'600 + 432'000) << "what is held does not bounce";
  const QueueLine& fabrikam = report.lines[1];
  EXPECT_EQ(fabrikam.connector, "");
  EXPECT_EQ(fabrikam.next_hop, "fabrikam.com");
  EXPECT_EQ(fabrikam.last_error, "");
}

TEST(QueueReport, BelievesWhoKnowsAMessagesConnector) {
  const Queue queue = parse_postqueue(postqueue);
  const QueueReport report =
      report_queue(queue, policy_with_contoso(), [](const QueuedMessage& message) -> std::string {
        return message.queue_id == "5A3B2C1D0E" ? "contoso-out" : "";
      });
  ASSERT_THAT(report.lines, SizeIs(1));
  EXPECT_EQ(report.lines[0].recipients, 3U);
}

TEST(QueueReport, PutsTogetherWhatIsBeyondItsBound) {
  Queue queue;
  for (std::size_t i = 0; i < max_queue_lines + 10; ++i) {
    queue.messages.push_back({"A", false, 1, 1, "", {{"a@d" + std::to_string(i) + ".example", ""}}});
  }
  const QueueReport report = report_queue(queue, policy_with_contoso());
  ASSERT_THAT(report.lines, SizeIs(max_queue_lines + 1));
  EXPECT_EQ(report.lines[0].next_hop, "others");
  EXPECT_EQ(report.lines[0].recipients, 10U);
}

}  // namespace
}  // namespace connectord::mta
