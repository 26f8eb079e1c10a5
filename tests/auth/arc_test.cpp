#include "connectord/auth/arc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/dkim_signing.h"

namespace connectord::auth {
namespace {

using dns::testing::Zone;
using namespace testing;  // NOLINT: this test's own helpers

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Host {
  std::string seal_tags;  // replaces the good ones, if given
  std::string message_tags;
  std::string chain = {};  // cv=
  const PrivateKey* key = &rsa_key();
};

std::string number(std::size_t instance) {
  return std::to_string(instance);
}

// A host's three fields, as RFC 8617, 5.1 makes them.
Message sealed(Message message, std::size_t instance, const Host& host = {}) {
  const std::string algorithm = host.key == &rsa_key() ? "rsa-sha256" : "ed25519-sha256";
  const std::string common =
      " i=" + number(instance) + "; a=" + algorithm + "; d=host" + number(instance) + ".example; s=arc";
  Signing signing;
  signing.key = host.key;
  signing.name = "ARC-Message-Signature";
  signing.before = host.message_tags.empty() ? common + "; c=relaxed/relaxed; h=from:to:subject" : host.message_tags;
  const auto message_signature = make_signature(message, signing);
  message.headers.insert(message.headers.begin(), message_signature);
  message.headers.insert(message.headers.begin(),
                         {"ARC-Authentication-Results",
                          " i=" + number(instance) + "; host" + number(instance) + ".example;\r\n spf=pass"});

  const std::string chain = !host.chain.empty() ? host.chain : instance == 1 ? "none" : "pass";
  std::string value = (host.seal_tags.empty() ? common + "; t=12345; cv=" + chain : host.seal_tags) + ";\r\n\tb=";
  std::string text;
  for (std::size_t i = 1; i <= instance; ++i) {
    for (const std::string name : {"ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"}) {
      for (const auto& header : message.headers) {
        if (header.first != name || !header.second.starts_with(" i=" + number(i) + ";")) continue;
        append_canonical_header(text, DkimCanonicalization::relaxed, name, header.second);
        text += "\r\n";
      }
    }
  }
  append_canonical_header(text, DkimCanonicalization::relaxed, "ARC-Seal", value);
  value += base64(host.key->sign(sha256(text)));
  message.headers.insert(message.headers.begin(), {"ARC-Seal", value});
  return message;
}

Message chain_of(std::size_t hosts) {
  auto message = plain_message();
  for (std::size_t i = 1; i <= hosts; ++i) message = sealed(message, i);
  return message;
}

Zone keys_of(std::size_t hosts) {
  Zone zone;
  for (std::size_t i = 1; i <= hosts; ++i) zone.txt("arc._domainkey.host" + number(i) + ".example", key_record());
  return zone;
}

ArcOutcome validate(const Message& message, const Zone& zone, const DkimLimits& limits = {}) {
  ArcVerifier verifier(limits, now);
  for (const auto& [name, value] : message.headers) verifier.header(name, value);
  verifier.end_of_headers();
  verifier.body(message.body);
  return dns::testing::run(zone, [&verifier](dns::DnsAnswers& answers) { return verifier.finish(answers); });
}

TEST(Arc, HasNoResultForAMessageWithoutAChain) {
  const auto outcome = validate(plain_message(), Zone());
  EXPECT_EQ(outcome.result, ArcResult::none);
  EXPECT_THAT(outcome.sets, IsEmpty());
}

TEST(Arc, PassesChainsOfOneHostToFiftyAndTellsWhatEachSaw) {
  for (const std::size_t hosts : {1, 2, 3, 50}) {
    const auto outcome = validate(chain_of(hosts), keys_of(hosts));
    ASSERT_EQ(outcome.result, ArcResult::pass) << hosts << ": " << outcome.problem;
    ASSERT_THAT(outcome.sets, SizeIs(hosts));
    EXPECT_EQ(outcome.sets.back().instance, hosts);
    EXPECT_EQ(outcome.sets.back().domain, "host" + number(hosts) + ".example");
    EXPECT_EQ(outcome.sets.front().authentication_results, "host1.example;\r\n spf=pass");
  }
  EXPECT_EQ(validate(chain_of(51), keys_of(51)).result, ArcResult::fail);
}

TEST(Arc, SpendsNoMoreOnTheKeysOfAChainThanItsEffort) {
  const auto message = chain_of(50);
  Zone zone;
  for (std::size_t i = 1; i <= 50; ++i) {
    const std::string name = "arc._domainkey.host" + number(i) + ".example";
    zone.txt(name, "p=" + made_up_rsa_key(2048)).txt(name, "p=" + made_up_rsa_key(2048)).txt(name, key_record());
  }
  // Three keys of a unit to read and one to use: six for each of the fifty seals and for the message signature.
  const auto outcome = validate(message, zone);
  EXPECT_EQ(outcome.result, ArcResult::fail);
  EXPECT_THAT(outcome.problem, HasSubstr("cost more than is spent"));
  DkimLimits generous;
  generous.max_chain_effort = 306;
  EXPECT_EQ(validate(message, zone, generous).result, ArcResult::pass);
}

TEST(Arc, PassesEd25519) {
  Host host;
  host.key = &ed25519_key();
  const auto zone = zone_with(key_record(ed25519_key(), "k=ed25519; "), "arc._domainkey.host1.example");
  const auto outcome = validate(sealed(plain_message(), 1, host), zone);
  EXPECT_EQ(outcome.result, ArcResult::pass) << outcome.problem;
}

TEST(Arc, LetsAHostChangeTheMessageIfItSealsItAnew) {
  auto message = chain_of(1);
  message.body += "a footer\r\n";
  EXPECT_THAT(validate(message, keys_of(1)).problem, HasSubstr("body"));
  const auto outcome = validate(sealed(message, 2), keys_of(2));
  EXPECT_EQ(outcome.result, ArcResult::pass) << outcome.problem;
}

Message with_changed(Message message, std::size_t index, std::string_view from, std::string_view to) {
  std::string& value = message.headers.at(index).second;
  value.replace(value.find(from), from.size(), to);
  return message;
}

TEST(Arc, FailsWhenAnythingThatWasSealedIsChanged) {
  const auto good = chain_of(2);
  // Seal, results and message signature of the second host, then of the first, then the message.
  const auto failure = [](const Message& message) {
    const auto outcome = validate(message, keys_of(2));
    EXPECT_EQ(outcome.result, ArcResult::fail);
    EXPECT_THAT(outcome.sets, IsEmpty());
    return outcome.problem;
  };
  EXPECT_THAT(failure(with_changed(good, 0, "t=12345", "t=12346")), HasSubstr("Seal of instance 2 does not verify"));
  EXPECT_THAT(failure(with_changed(good, 1, "spf=pass", "spf=fail")), HasSubstr("Seal of instance 2"));
  EXPECT_THAT(failure(with_changed(good, 2, "bh=", "xx=1; bh=")), HasSubstr("Message-Signature does not verify"));
  EXPECT_THAT(failure(with_changed(good, 3, "t=12345", "t=12346")), HasSubstr("Seal of instance"));
  EXPECT_THAT(failure(with_changed(good, 4, "spf=pass", "spf=fail")), HasSubstr("Seal of instance"));
  EXPECT_THAT(failure(with_changed(good, 5, "bh=", "xx=1; bh=")), HasSubstr("Seal of instance"));
  EXPECT_THAT(failure(with_changed(good, 6, "Joe", "Jim")), HasSubstr("Message-Signature does not verify"));
}

TEST(Arc, FailsOnChainsThatAreNotWhole) {
  const auto good = chain_of(2);
  for (std::size_t index = 0; index < 6; ++index) {
    auto missing = good;
    missing.headers.erase(missing.headers.begin() + static_cast<std::ptrdiff_t>(index));
    EXPECT_THAT(validate(missing, keys_of(2)).problem, HasSubstr("missing")) << index;
    auto twice = good;
    twice.headers.push_back(good.headers[index]);
    EXPECT_THAT(validate(twice, keys_of(2)).problem, HasSubstr("twice")) << index;
    for (const std::string instance : {"i=0;", "i=51;", "i=-1;", "i=;", "i=1x;", "x=1;", "i=02;"}) {
      const auto outcome = validate(with_changed(good, index, index < 3 ? "i=2;" : "i=1;", instance), keys_of(2));
      EXPECT_EQ(outcome.result, ArcResult::fail) << index << instance;
    }
  }
}

TEST(Arc, FailsOnTagsThatAFieldMustNotHave) {
  const std::string seal = " i=1; a=rsa-sha256; d=host1.example; s=arc";
  const std::string signature = seal + "; c=relaxed/relaxed; h=from:to";
  for (const auto& [host, problem] : std::vector<std::pair<Host, std::string>>{
           {{seal + "; cv=pass", ""}, "cv=none"},
           {{seal + "; cv=fail", ""}, "cv=none"},
           {{seal, ""}, "cv= is missing"},
           {{seal + "; cv=none; h=from", ""}, "has h="},
           {{seal + "; cv=none; cv=none", ""}, "no instance"},
           {{" i=1; a=rsa-sha1; d=host1.example; s=arc; cv=none", ""}, "rsa-sha1"},
           {{"", " i=1; a=rsa-sha256; d=host1.example; s=arc; c=relaxed/relaxed"}, "h= is missing"},
           {{"", signature + ":arc-seal"}, "signs ARC-Seal"},
           {{"", signature + "; l=99"}, "body"},
       }) {
    const auto outcome = validate(sealed(plain_message(), 1, host), keys_of(1));
    EXPECT_EQ(outcome.result, ArcResult::fail) << problem;
    EXPECT_THAT(outcome.problem, HasSubstr(problem));
  }
}

TEST(Arc, FailsForGoodWhenAHostFoundTheChainBroken) {
  Host host;
  host.chain = "fail";
  EXPECT_THAT(validate(sealed(chain_of(1), 2, host), keys_of(2)).problem, HasSubstr("cv=pass"));
}

TEST(Arc, TellsKeysThatAreGoneFromKeysThatCannotBeAskedFor) {
  EXPECT_EQ(validate(chain_of(2), keys_of(1)).result, ArcResult::fail);
  auto zone = keys_of(1);
  zone.timeout("arc._domainkey.host2.example");
  EXPECT_EQ(validate(chain_of(2), zone).result, ArcResult::temperror);
}

}  // namespace
}  // namespace connectord::auth
