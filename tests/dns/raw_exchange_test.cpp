// Our own exchange with servers on loopback that answer as the tests want it, rightly and wrongly.

#include "dns/raw_exchange.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "dns/dns_server.h"

namespace connectord::dns::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Servers = std::vector<std::reference_wrapper<const DnsServer>>;

struct Outcome {
  End end = End::failed;
  Message message;
  int calls = 0;
};

std::unique_ptr<RawExchange> exchange_with(const Servers& servers, std::chrono::milliseconds timeout = 2000ms) {
  std::vector<Server> addresses;
  for (const DnsServer& server : servers) addresses.push_back(server.address());
  return std::make_unique<RawExchange>(std::move(addresses), timeout);
}

Message query_for(const std::string& name) {
  return encode_query(0x1234, *to_wire_name(name), Type::txt, true);
}

std::shared_ptr<Outcome> begin(RawExchange& exchange, const std::string& name) {
  auto outcome = std::make_shared<Outcome>();
  exchange.send(query_for(name), [outcome](End end, std::span<const std::uint8_t> message) {
    *outcome = {end, {message.begin(), message.end()}, outcome->calls + 1};
  });
  return outcome;
}

void run(RawExchange& exchange) {
  while (const auto limit = exchange.wait_limit()) {
    pollfd ready{exchange.descriptor(), POLLIN, 0};
    ::poll(&ready, 1, static_cast<int>(limit->count()));
    exchange.process();
  }
}

Outcome ask(RawExchange& exchange, const std::string& name) {
  const auto outcome = begin(exchange, name);
  run(exchange);
  EXPECT_EQ(outcome->calls, 1);
  return *outcome;
}

Message with_text(const Query& query, std::string_view text) {
  Message message = query.reply();
  add_record(message, query.name(), 16, text_data(text));
  return message;
}

std::string text_in(const Outcome& outcome, const std::string& name) {
  if (outcome.end != End::answered) return "not answered";
  const auto response = decode_response(outcome.message, *to_wire_name(name), Type::txt);
  return response && !response->answer.texts.empty() ? response->answer.texts.front() : "no text";
}

constexpr auto silent = [](const Query&) { return std::vector<Message>{}; };
constexpr auto right = [](const Query& query) { return std::vector<Message>{with_text(query, "right")}; };
const std::string name = "a+b._spf.example";

TEST(DecodeResponse, TakesNoMoreRecordsThanAnHonestNameHas) {
  for (const auto& [count, is_taken] : {std::pair{512, true}, {513, false}}) {
    const Query query(encode_query(1, *to_wire_name(name), Type::txt, false), false);
    Message message = query.reply();
    for (int i = 0; i < count; ++i) add_record(message, name, 16, text_data("x"));
    EXPECT_EQ(decode_response(message, *to_wire_name(name), Type::txt).has_value(), is_taken) << count;
  }
}

TEST(RawExchange, IsForNamesThatNoHostHas) {
  for (const std::string ordinary :
       {"example.com", "_dmarc.xn--bcher-kva.example", "1.0/25.2.0.192.in-addr.arpa", "*.example", "UPPER.example"}) {
    EXPECT_FALSE(needs_own_exchange(*to_wire_name(ordinary))) << ordinary;
  }
  for (const std::string odd : {"a+b.example", "a=b.example", "a%b.example", "a b.example", "example.a\\b",
                                "\xc3\xbc.b", "a@b", "\"a\".b", "a,b.c"}) {
    EXPECT_TRUE(needs_own_exchange(*to_wire_name(odd))) << odd;
  }
  EXPECT_TRUE(needs_own_exchange(std::string("\3a.b\7example\0", 13))) << "a dot in a label";
}

TEST(RawExchange, AnswersManyAtOnceEachFromAPortOfItsOwn) {
  DnsServer server([](const Query& query) { return std::vector<Message>{with_text(query, query.name())}; });
  const auto exchange = exchange_with({server});
  std::vector<std::shared_ptr<Outcome>> outcomes;
  const auto nth = [](int n) { return "n+" + std::to_string(n) + ".example"; };
  for (int n = 0; n < 100; ++n) outcomes.push_back(begin(*exchange, nth(n)));
  EXPECT_EQ(exchange->size(), 100U);
  run(*exchange);
  for (int n = 0; n < 100; ++n) EXPECT_EQ(text_in(*outcomes[static_cast<std::size_t>(n)], nth(n)), nth(n));
  EXPECT_EQ(exchange->size(), 0U);
  EXPECT_GE(server.source_ports().size(), 90U) << "one that is free again may be taken again by chance";
}

TEST(RawExchange, AsksTheNextServerWhereOneIsSilentOrOfNoUse) {
  for (const auto& handler : std::vector<DnsServer::Handler>{
           silent, [](const Query& query) { return std::vector<Message>{query.reply(2)}; },
           [](const Query& query) { return std::vector<Message>{query.reply(5)}; },
           [](const Query& query) { return query.tcp() ? silent(query) : std::vector<Message>{query.truncated()}; }}) {
    DnsServer first(handler);
    DnsServer second(right);
    const auto exchange = exchange_with({first, second}, 1400ms);
    EXPECT_EQ(text_in(ask(*exchange, name), name), "right");
    EXPECT_GE(first.queries(), 1);
  }
}

TEST(RawExchange, AsksTheNextServerAtOnceWhereNobodyListens) {
  const DnsServer second(right);
  RawExchange exchange({{*net::IpAddress::parse("127.0.0.1"), 1}, second.address()}, 60'000ms);
  EXPECT_EQ(text_in(ask(exchange, name), name), "right");
}

TEST(RawExchange, FailsWhereNoServerCanSay) {
  DnsServer server([](const Query& query) { return std::vector<Message>{query.reply(2)}; });
  const auto exchange = exchange_with({server});
  EXPECT_EQ(ask(*exchange, name).end, End::failed);
  EXPECT_EQ(server.queries(), 3);
  EXPECT_EQ(ask(*exchange_with({}), name).end, End::failed);
}

TEST(RawExchange, RepeatsALostQuery) {
  int seen = 0;
  DnsServer server([&](const Query& query) { return ++seen == 1 ? silent(query) : right(query); });
  const auto exchange = exchange_with({server}, 1400ms);
  EXPECT_EQ(text_in(ask(*exchange, name), name), "right");
}

TEST(RawExchange, IgnoresWhatAnswersAnotherQuery) {
  DnsServer server([](const Query& query) -> std::vector<Message> {
    const Message forged = with_text(query, "forged");
    Message other_id = forged, other_name = forged, no_response = forged, other_refusal = query.reply(1);
    other_id[1] ^= 0x01;
    other_name[13] ^= 0x01;
    no_response[2] ^= 0x80;
    other_refusal[0] ^= 0x01;
    return {other_id, other_name,   no_response,        other_refusal,
            {},       {0x12, 0x34}, Message(500, 0xff), with_text(query, "right")};
  });
  const auto exchange = exchange_with({server});
  EXPECT_EQ(text_in(ask(*exchange, name), name), "right");
}

TEST(RawExchange, HandsOverARefusalOfEdnsThatLacksTheQuestion) {
  DnsServer server([](const Query& query) -> std::vector<Message> {
    Message refusal = query.reply(1);
    refusal.resize(12);
    refusal[5] = 0;
    return {refusal};
  });
  const Outcome outcome = ask(*exchange_with({server}), name);
  ASSERT_EQ(outcome.end, End::answered);
  EXPECT_TRUE(decode_response(outcome.message, *to_wire_name(name), Type::txt)->refuses_edns);
}

TEST(RawExchange, GoesOverTcpWhenAnAnswerIsTruncated) {
  const std::string large(60'000, 'x');
  DnsServer server([&](const Query& query) -> std::vector<Message> {
    return {query.tcp() ? with_text(query, large) : query.truncated()};
  });
  EXPECT_EQ(text_in(ask(*exchange_with({server}), name), name), large);
}

TEST(RawExchange, FailsWhereNothingSoundComesOverTcp) {
  for (const auto& handler :
       std::vector<DnsServer::Handler>{silent, [](const Query&) { return std::vector<Message>{{}}; },
                                       [](const Query&) { return std::vector<Message>{Message(500, 0xff)}; }}) {
    DnsServer server(
        [&](const Query& query) { return query.tcp() ? handler(query) : std::vector<Message>{query.truncated()}; });
    EXPECT_EQ(ask(*exchange_with({server}), name).end, End::failed);
  }
}

TEST(RawExchange, EndsAQueryAtItsLimit) {
  DnsServer server(silent);
  const auto exchange = exchange_with({server}, 200ms);
  const auto start = Clock::now();
  EXPECT_EQ(ask(*exchange, name).end, End::timeout);
  EXPECT_GE(Clock::now() - start, 190ms);
  EXPECT_EQ(server.queries(), 3);
}

TEST(RawExchange, EndsWhatIsUnderWayWithItself) {
  DnsServer server(silent);
  auto exchange = exchange_with({server});
  const auto one = begin(*exchange, name);
  const auto other = begin(*exchange, "c+d.example");
  EXPECT_EQ(one->calls, 0);
  exchange.reset();
  for (const auto& outcome : {one, other}) {
    EXPECT_EQ(outcome->end, End::failed);
    EXPECT_EQ(outcome->calls, 1);
  }
}

}  // namespace
}  // namespace connectord::dns::testing
