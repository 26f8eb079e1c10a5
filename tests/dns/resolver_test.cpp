// The real resolver against a server on loopback that answers as the tests want it, rightly and wrongly.

#include <ares.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <condition_variable>
#include <future>

#include "connectord/dns/make_resolver.h"
#include "dns/dns_server.h"

namespace connectord::dns::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::uint16_t a = 1, cname = 5, ptr = 12, mx = 15, txt = 16;

ResolverSettings settings_for(const DnsServer& server, std::chrono::milliseconds timeout = 2000ms) {
  ResolverSettings settings;
  settings.servers = {server.address()};
  settings.timeout = timeout;
  return settings;
}

std::unique_ptr<Resolver> resolver_with(const ResolverSettings& settings) {
  auto resolver = make_resolver(settings);
  if (!resolver) throw std::runtime_error(resolver.error());
  return *std::move(resolver);
}

std::future<Answer> start(Resolver& resolver, std::string name, Type type = Type::txt) {
  auto promise = std::make_shared<std::promise<Answer>>();
  resolver.resolve({std::move(name), type},
                   [promise](const std::shared_ptr<const Answer>& answer) { promise->set_value(*answer); });
  return promise->get_future();
}

Answer ask(Resolver& resolver, std::string name, Type type = Type::txt) {
  return start(resolver, std::move(name), type).get();
}

Message answer_with_text(const Query& query, std::string_view text) {
  Message message = query.reply();
  add_record(message, query.name(), txt, text_data(text));
  return message;
}

TEST(Resolver, ReadsEachTypeOfRecord) {
  DnsServer server([](const Query& query) -> std::vector<Message> {
    Message message = query.reply();
    Message exchanger = {0, 10};
    const Message host = wire_name("mx.Example.com");
    exchanger.insert(exchanger.end(), host.begin(), host.end());
    Message strings = text_data("v=spf1 ");
    const Message second = text_data("-all");
    strings.insert(strings.end(), second.begin(), second.end());
    if (query.type() == a) add_record(message, query.name(), a, {192, 0, 2, 1}, 77);
    if (query.type() == 28)
      add_record(message, query.name(), 28, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9});
    if (query.type() == mx) {
      add_record(message, query.name(), mx, exchanger);
      add_record(message, query.name(), mx, {0, 0, 0});
    }
    if (query.type() == txt) add_record(message, query.name(), txt, strings);
    if (query.type() == ptr) add_record(message, query.name(), ptr, wire_name("Host.example.com"));
    if (query.type() == 52) add_record(message, query.name(), 52, {3, 1, 1, 0xab, 0});
    return {message};
  });
  const auto resolver = resolver_with(settings_for(server));
  const Answer address = ask(*resolver, "example.com", Type::a);
  EXPECT_EQ(address.addresses, std::vector{*net::IpAddress::parse("192.0.2.1")});
  EXPECT_EQ(address.ttl, 77s);
  EXPECT_EQ(ask(*resolver, "example.com", Type::aaaa).addresses, std::vector{*net::IpAddress::parse("2001:db8::9")});
  EXPECT_EQ(ask(*resolver, "example.com", Type::mx).exchangers,
            (std::vector<MailExchanger>{{10, "mx.example.com"}, {0, ""}}));
  EXPECT_EQ(ask(*resolver, "example.com", Type::txt).texts, std::vector<std::string>{"v=spf1 -all"});
  EXPECT_EQ(ask(*resolver, "1.2.0.192.in-addr.arpa", Type::ptr).names, std::vector<std::string>{"host.example.com"});
  EXPECT_EQ(ask(*resolver, "_25._tcp.mx.example.com", Type::tlsa).associations,
            (std::vector<Tlsa>{{3, 1, 1, std::string("\xab\0", 2)}}));
}

TEST(Resolver, TellsNoSuchNameFromNoSuchRecord) {
  DnsServer server([](const Query& query) -> std::vector<Message> {
    Message message = query.reply(query.name() == "none.example" ? 3 : 0);
    add_soa(message, "example", 120);
    return {message};
  });
  const auto resolver = resolver_with(settings_for(server));
  const Answer none = ask(*resolver, "none.example");
  EXPECT_EQ(none.status, Status::nxdomain);
  EXPECT_EQ(none.ttl, 120s) << "of the SOA";
  EXPECT_EQ(ask(*resolver, "bare.example").status, Status::nodata);
}

TEST(Resolver, RefusesWhatIsNoNameWithoutAsking) {
  DnsServer server([](const Query&) { return std::vector<Message>{}; });
  const auto resolver = resolver_with(settings_for(server));
  for (const std::string& name : {std::string(), std::string("a..b"), std::string(64, 'x') + ".example",
                                  std::string("."), std::string(200, 'x') + "." + std::string(60, 'y')}) {
    EXPECT_EQ(ask(*resolver, name).status, Status::invalid) << name;
  }
  EXPECT_EQ(server.queries(), 0);
}

TEST(Resolver, AsksForNamesOfAnyBytes) {
  DnsServer server([](const Query& query) { return std::vector<Message>{answer_with_text(query, query.name())}; });
  const auto resolver = resolver_with(settings_for(server));
  for (const std::string name : {"macro%percent  \\space\xff.example", "a+b._spf.example", "prvs=1=x._spf.example"}) {
    EXPECT_EQ(ask(*resolver, name).texts, std::vector{name});
  }
}

TEST(Resolver, ReadsAnswersThatLeadToNamesOfAnyBytes) {
  DnsServer server([](const Query& query) -> std::vector<Message> {
    Message message = query.reply();
    add_record(message, query.name(), cname, wire_name("a+b c.example"));
    add_record(message, "a+b c.example", query.type(),
               query.type() == ptr ? wire_name("host=1.example") : text_data("found"));
    return {message};
  });
  const auto resolver = resolver_with(settings_for(server));
  EXPECT_EQ(ask(*resolver, "www.example").texts, std::vector<std::string>{"found"});
  EXPECT_EQ(ask(*resolver, "1.2.0.192.in-addr.arpa", Type::ptr).names, std::vector<std::string>{"host=1.example"});
}

TEST(Resolver, AsksForNamesOfAnyBytesWithoutEdnsAndOverTcpToo) {
  const std::string large(60'000, 'x');
  DnsServer server([&](const Query& query) -> std::vector<Message> {
    if (query.edns()) return {query.reply(1)};
    return {query.tcp() ? answer_with_text(query, large) : query.truncated()};
  });
  const auto resolver = resolver_with(settings_for(server));
  EXPECT_EQ(ask(*resolver, "a+b.example").texts, std::vector{large});
}

TEST(Resolver, GoesOverTcpWhenAnAnswerIsTruncated) {
  const std::string large(60'000, 'x');
  DnsServer server([&](const Query& query) -> std::vector<Message> {
    return {query.tcp() ? answer_with_text(query, large) : query.truncated()};
  });
  const auto resolver = resolver_with(settings_for(server));
  EXPECT_EQ(ask(*resolver, "large.example").texts, std::vector{large});
}

TEST(Resolver, RefusesAnAnswerWithTheIdOfAnotherQuery) {
  DnsServer server([](const Query& query) -> std::vector<Message> {
    Message forged = answer_with_text(query, "forged");
    forged[0] ^= 0xff;
    return {forged, answer_with_text(query, "right")};
  });
  const auto resolver = resolver_with(settings_for(server));
  EXPECT_EQ(ask(*resolver, "example.com").texts, std::vector<std::string>{"right"});
}

TEST(Resolver, RefusesAnAnswerForAnotherName) {
  DnsServer server([](const Query& query) -> std::vector<Message> {
    Message other_question = answer_with_text(query, "forged");
    other_question[13] ^= 0x01;
    Message other_owner = query.reply();
    add_record(other_owner, "victim.example", txt, text_data("forged"));
    return {other_question, other_owner};
  });
  const auto resolver = resolver_with(settings_for(server));
  const Answer answer = ask(*resolver, "example.com");
  EXPECT_EQ(answer.status, Status::error) << "it says nothing of the name, not even that it has no records";
  EXPECT_TRUE(answer.texts.empty());
}

struct Garbage {
  std::string name;
  std::function<Message(const Query&)> make;
};

class ResolverGarbage : public ::testing::TestWithParam<Garbage> {};

TEST_P(ResolverGarbage, IsAnError) {
  DnsServer server([](const Query& query) { return std::vector<Message>{GetParam().make(query)}; });
  const auto resolver = resolver_with(settings_for(server, 300ms));
  const Answer answer = ask(*resolver, "example.com", Type::mx);
  EXPECT_TRUE(answer.is_temporary()) << to_string(answer.status);
  EXPECT_TRUE(answer.exchangers.empty());
}

Message with_mx(const Query& query, const Message& data) {
  Message message = query.reply();
  add_record(message, query.name(), mx, data);
  return message;
}

INSTANTIATE_TEST_SUITE_P(Dns, ResolverGarbage,
                         ::testing::Values(Garbage{"servfail", [](const Query& query) { return query.reply(2); }},
                                           Garbage{"refused", [](const Query& query) { return query.reply(5); }},
                                           Garbage{"header_only",
                                                   [](const Query& query) {
                                                     Message message = query.reply();
                                                     message.resize(12);
                                                     return message;
                                                   }},
                                           Garbage{"noise", [](const Query&) { return Message(500, 0xff); }},
                                           Garbage{"record_cut_short",
                                                   [](const Query& query) {
                                                     Message message = with_mx(query, {0, 1, 1, 'x', 0});
                                                     message.resize(message.size() - 2);
                                                     return message;
                                                   }},
                                           Garbage{"more_records_promised",
                                                   [](const Query& query) {
                                                     Message message = query.reply();
                                                     message[7] = 200;
                                                     return message;
                                                   }},
                                           Garbage{"name_runs_out_of_its_record",
                                                   [](const Query& query) {
                                                     return with_mx(query, {0, 1, 9, 'x', 0});
                                                   }},
                                           Garbage{"no_room_for_a_name",
                                                   [](const Query& query) {
                                                     return with_mx(query, {0, 1});
                                                   }},
                                           Garbage{"pointer_loop",
                                                   [](const Query& query) {
                                                     Message message = with_mx(query, {0, 1, 0xc0, 0});
                                                     message.back() = static_cast<std::uint8_t>(message.size() - 2);
                                                     return message;
                                                   }},
                                           Garbage{"pointer_past_the_end",
                                                   [](const Query& query) {
                                                     return with_mx(query, {0, 1, 0xff, 0xff});
                                                   }}),
                         [](const auto& info) { return info.param.name; });

TEST(Resolver, AsksAgainWithoutEdnsWhereAServerDoesNotKnowIt) {
  DnsServer server([](const Query& query) -> std::vector<Message> {
    return {query.edns() ? query.reply(1) : answer_with_text(query, "plain")};
  });
  const auto resolver = resolver_with(settings_for(server));
  EXPECT_EQ(ask(*resolver, "one.example").texts, std::vector<std::string>{"plain"});
  EXPECT_EQ(ask(*resolver, "two.example").texts, std::vector<std::string>{"plain"});
}

TEST(Resolver, FollowsAliasesWithinAnAnswerAndAcrossAnswers) {
  DnsServer server([](const Query& query) -> std::vector<Message> {
    Message message = query.reply();
    if (query.name() == "www.example") {
      add_record(message, "www.example", cname, wire_name("one.example"), 50);
      add_record(message, "one.example", cname, wire_name("two.example"));
      add_record(message, "two.example", txt, text_data("whole"));
    } else if (query.name() == "part.example") {
      add_record(message, "part.example", cname, wire_name("rest.example"), 40);
    } else {
      add_record(message, query.name(), txt, text_data("rest"));
    }
    return {message};
  });
  const auto resolver = resolver_with(settings_for(server));
  const Answer whole = ask(*resolver, "www.example");
  EXPECT_EQ(whole.texts, std::vector<std::string>{"whole"});
  EXPECT_EQ(whole.ttl, 50s) << "the shortest of the chain";
  const Answer part = ask(*resolver, "part.example");
  EXPECT_EQ(part.texts, std::vector<std::string>{"rest"});
  EXPECT_EQ(part.ttl, 40s);
  EXPECT_EQ(ask(*resolver, "part.example", Type::cname).names, std::vector<std::string>{"rest.example"});
}

TEST(Resolver, GivesUpOnAnEndlessChainOfAliases) {
  DnsServer server([](const Query& query) -> std::vector<Message> {
    Message message = query.reply();
    if (query.name() == "loop.example") {
      add_record(message, "loop.example", cname, wire_name("pool.example"));
      add_record(message, "pool.example", cname, wire_name("loop.example"));
    } else {
      add_record(message, query.name(), cname, wire_name("x" + query.name()));
    }
    return {message};
  });
  const auto resolver = resolver_with(settings_for(server));
  EXPECT_EQ(ask(*resolver, "loop.example").status, Status::error);
  const int before = server.queries();
  EXPECT_EQ(ask(*resolver, "endless.example").status, Status::error);
  EXPECT_LE(server.queries() - before, 10);
}

TEST(Resolver, EndsALookupAtItsLimit) {
  DnsServer server([](const Query&) { return std::vector<Message>{}; });
  const auto resolver = resolver_with(settings_for(server, 200ms));
  const auto begin = Clock::now();
  EXPECT_EQ(ask(*resolver, "silent.example").status, Status::timeout);
  EXPECT_GE(Clock::now() - begin, 90ms);
  EXPECT_LE(Clock::now() - begin, 1000ms);
}

TEST(Resolver, AsksTheNextServerWhereOneIsSilent) {
  DnsServer silent([](const Query&) { return std::vector<Message>{}; });
  DnsServer server([](const Query& query) { return std::vector<Message>{answer_with_text(query, "second")}; });
  auto settings = settings_for(silent, 1400ms);
  settings.servers.push_back(server.address());
  const auto resolver = resolver_with(settings);
  EXPECT_EQ(ask(*resolver, "example.com").texts, std::vector<std::string>{"second"});
}

TEST(Resolver, RepeatsALostQuery) {
  std::atomic<int> seen = 0;
  DnsServer server([&](const Query& query) -> std::vector<Message> {
    if (++seen == 1) return {};
    return {answer_with_text(query, "again")};
  });
  const auto resolver = resolver_with(settings_for(server, 1400ms));
  EXPECT_EQ(ask(*resolver, "example.com").texts, std::vector<std::string>{"again"});
}

TEST(Resolver, WaitsForASlowAnswerThoughTheServerIsQuickOtherwise) {
  // As a resolver does that is still looking: what was asked again meanwhile is answered with the first.
  std::once_flag first;
  DnsServer server([&](const Query& query) -> std::vector<Message> {
    if (query.name() == "slow.example") std::call_once(first, [] { std::this_thread::sleep_for(1900ms); });
    return {answer_with_text(query, "came")};
  });
  const auto resolver = resolver_with(settings_for(server, 3000ms));
  for (int i = 0; i < 5; ++i) ask(*resolver, "quick" + std::to_string(i) + ".example");
  EXPECT_EQ(ask(*resolver, "slow.example").texts, std::vector<std::string>{"came"});
}

class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t descriptors) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit during{descriptors, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &during);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

// Of 200 lookups at once.
std::size_t ports_used(std::size_t max_outstanding, rlim_t descriptors) {
  const DescriptorLimit limit(descriptors);
  DnsServer server([](const Query& query) { return std::vector<Message>{answer_with_text(query, "text")}; });
  auto settings = settings_for(server);
  settings.max_outstanding = max_outstanding;
  const auto resolver = resolver_with(settings);
  std::vector<std::future<Answer>> lookups;
  for (int i = 0; i < 200; ++i) lookups.push_back(start(*resolver, "n" + std::to_string(i) + ".example"));
  for (auto& lookup : lookups) EXPECT_EQ(lookup.get().status, Status::found);
  return server.source_ports().size();
}

#if ARES_VERSION >= 0x011f00  // older ones have one port for all questions that are out
TEST(Resolver, AsksEachQuestionFromAPortOfItsOwn) {
  EXPECT_GE(ports_used(200, 2048), 190U) << "one that is free again may be taken again by chance";
}
#endif

TEST(Resolver, SharesPortsWhereDescriptorsAreFew) {
  EXPECT_LE(ports_used(4096, 512), 16U);
}

TEST(Resolver, LimitsTheDescriptorsForNamesOfAnyBytes) {
  const DescriptorLimit limit(512);
  DnsServer server([](const Query& query) {
    return query.name() == "known.example" ? std::vector<Message>{answer_with_text(query, "x")}
                                           : std::vector<Message>{};
  });
  const auto resolver = resolver_with(settings_for(server, 500ms));
  std::vector<std::future<Answer>> lookups;
  for (int i = 0; i < 40; ++i) lookups.push_back(start(*resolver, "n+" + std::to_string(i) + ".example"));
  EXPECT_EQ(ask(*resolver, "known.example").status, Status::found);
  std::map<Status, int> ends;
  for (auto& lookup : lookups) ++ends[lookup.get().status];
  EXPECT_EQ(ends, (std::map<Status, int>{{Status::timeout, 32}, {Status::error, 8}})) << "a sixteenth";
}

TEST(Resolver, LetsNobodyWaitForTheSlowNamesOfOthers) {
  DnsServer server([](const Query& query) -> std::vector<Message> {
    if (query.name().starts_with("slow")) return {};
    return {answer_with_text(query, "fast")};
  });
  const auto resolver = resolver_with(settings_for(server, 1000ms));
  std::vector<std::future<Answer>> slow;
  for (int i = 0; i < 200; ++i) slow.push_back(start(*resolver, "slow" + std::to_string(i) + ".example"));
  const auto begin = Clock::now();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(ask(*resolver, "fast" + std::to_string(i) + ".example").status, Status::found);
  }
  EXPECT_LE(Clock::now() - begin, 500ms) << "one after the other, while 200 are not answered";
  for (auto& lookup : slow) EXPECT_EQ(lookup.get().status, Status::timeout);
}

TEST(Resolver, AsksOnceForWhatManyWantAndKeepsIt) {
  DnsServer server([](const Query& query) -> std::vector<Message> {
    std::this_thread::sleep_for(50ms);
    return {answer_with_text(query, "shared")};
  });
  std::atomic<int> seconds = 0;
  auto settings = settings_for(server);
  settings.clock = [&] { return Cache::Time{} + std::chrono::seconds(seconds); };
  const auto resolver = resolver_with(settings);
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(start(*resolver, "example.com"));
  for (auto& answer : answers) EXPECT_EQ(answer.get().texts, std::vector<std::string>{"shared"});
  EXPECT_EQ(server.queries(), 1);
  seconds = 299;
  ask(*resolver, "example.com");
  EXPECT_EQ(server.queries(), 1);
  seconds = 300;
  ask(*resolver, "example.com");
  EXPECT_EQ(server.queries(), 2) << "its TTL is over";
}

TEST(Resolver, RefusesMoreThanItsLimitOfLookups) {
  DnsServer server([](const Query&) { return std::vector<Message>{}; });
  auto settings = settings_for(server, 300ms);
  settings.max_outstanding = 10;
  const auto resolver = resolver_with(settings);
  std::vector<std::future<Answer>> lookups;
  for (int i = 0; i < 10; ++i) lookups.push_back(start(*resolver, "n" + std::to_string(i) + ".example"));
  EXPECT_EQ(ask(*resolver, "one-more.example").status, Status::error);
  for (auto& lookup : lookups) EXPECT_EQ(lookup.get().status, Status::timeout);
}

TEST(Resolver, KeepsRoomForOthersWhereOneShareHasAllThatItMay) {
  DnsServer server([](const Query& query) {
    return query.name() == "known.example" ? std::vector<Message>{answer_with_text(query, "x")}
                                           : std::vector<Message>{};
  });
  auto settings = settings_for(server, 300ms);
  settings.max_of_share = 2;
  const auto resolver = resolver_with(settings);
  const auto asked_for = [&](const std::string& share, const std::string& name) {
    auto promise = std::make_shared<std::promise<Answer>>();
    resolver->resolve({name, Type::txt}, share, [promise](const auto& answer) { promise->set_value(*answer); });
    return promise->get_future();
  };
  EXPECT_EQ(asked_for("many", "known.example").get().status, Status::found);
  std::vector<std::future<Answer>> silent;
  for (const std::string name : {"a.example", "b.example"}) silent.push_back(asked_for("many", name));
  EXPECT_EQ(asked_for("many", "c.example").get().status, Status::error);
  EXPECT_EQ(asked_for("many", "known.example").get().status, Status::found) << "what is known costs no lookup";
  auto joined = asked_for("many", "a.example");  // nor does what is under way
  auto other = asked_for("few", "d.example");
  EXPECT_EQ(ask(*resolver, "known.example").status, Status::found);
  for (auto& lookup : silent) EXPECT_EQ(lookup.get().status, Status::timeout);
  EXPECT_EQ(joined.get().status, Status::timeout);
  EXPECT_EQ(other.get().status, Status::timeout);
  EXPECT_EQ(asked_for("many", "e.example").get().status, Status::timeout) << "its lookups are over";
}

TEST(Resolver, AnswersWhatIsUnderWayWhenItEnds) {
  DnsServer server([](const Query&) { return std::vector<Message>{}; });
  auto resolver = resolver_with(settings_for(server));
  auto lookup = start(*resolver, "silent.example");
  resolver.reset();
  EXPECT_EQ(lookup.get().status, Status::error);
}

TEST(Resolver, IsAskedByManyThreadsAtOnce) {
  DnsServer server([](const Query& query) { return std::vector<Message>{answer_with_text(query, query.name())}; });
  const auto resolver = resolver_with(settings_for(server));
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const std::string name = "n" + std::to_string(i % 20) + ".example";
        if (ask(*resolver, name).texts == std::vector{name}) ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 200);
}

TEST(Resolver, BelievesTheAuthenticBitOfItsOwnMachineOnly) {
  DnsServer server([](const Query& query) -> std::vector<Message> {
    Message message = answer_with_text(query, "signed");
    message[3] |= 0x20;
    return {message};
  });
  auto settings = settings_for(server);
  EXPECT_TRUE(ask(*resolver_with(settings), "example.com").authenticated);
  settings.servers.push_back({*net::IpAddress::parse("192.0.2.53"), 53});
  EXPECT_FALSE(ask(*resolver_with(settings), "example.com").authenticated);
}

TEST(Resolver, TakesTheSystemsServersAndThoseOfEitherFamily) {
  EXPECT_TRUE(make_resolver({}).has_value());
  ResolverSettings settings;
  settings.servers = {{*net::IpAddress::parse("::1"), 5353}, {*net::IpAddress::parse("192.0.2.53"), 53}};
  EXPECT_TRUE(make_resolver(settings).has_value());
}

}  // namespace
}  // namespace connectord::dns::testing
