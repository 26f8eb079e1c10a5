#include "connectord/auth/dkim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "auth/dkim_signing.h"

namespace connectord::auth {
namespace {

using dns::testing::Zone;
using model::DkimResult;
using namespace testing;  // NOLINT: this test's own helpers

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// RFC 8463, A.2 and A.3.
constexpr std::string_view rfc8463_rsa =
    "v=DKIM1; k=rsa; "
    "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/"
    "J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+"
    "2kryOTIKT+l/K4w3QIDAQAB";
constexpr std::string_view rfc8463_message = R"(DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
)";

Zone rfc8463_zone() {
  Zone zone;
  zone.txt("brisbane._domainkey.football.example.com",
           "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  zone.txt("test._domainkey.football.example.com", std::string(rfc8463_rsa));
  return zone;
}

TEST(Dkim, VerifiesBothSignaturesOfRfc8463) {
  const auto results = verify(parse_message(rfc8463_message), rfc8463_zone());
  ASSERT_THAT(results, SizeIs(2));
  EXPECT_EQ(results[0].result, DkimResult::pass) << results[0].problem;
  EXPECT_EQ(results[0].algorithm, "ed25519-sha256");
  EXPECT_EQ(results[0].key_bits, 256U);
  EXPECT_EQ(results[1].result, DkimResult::pass) << results[1].problem;
  EXPECT_EQ(results[1].domain, "football.example.com");
  EXPECT_EQ(results[1].selector, "test");
  EXPECT_EQ(results[1].identity, "@football.example.com");
  EXPECT_EQ(results[1].key_bits, 1024U);
  EXPECT_THAT(results[1].signature_start, ::testing::StartsWith("F45dVWDf"));
}

// RFC 6376, A.2 and C.
TEST(Dkim, VerifiesTheSignatureOfRfc6376) {
  const auto message = parse_message(R"(DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
      4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game. Are you hungry yet?

Joe.
)");
  const auto zone = zone_with(
      "v=DKIM1; "
      "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcT"
      "Nh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/"
      "NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB",
      "brisbane._domainkey.example.com");
  const auto result = verify_one(message, zone);
  EXPECT_EQ(result.result, DkimResult::pass) << result.problem;
}

TEST(Dkim, GivesTheSameResultHoweverTheBodyIsCutAndTheHeadersAreFolded) {
  auto message = parse_message(rfc8463_message);
  for (auto& [name, value] : message.headers) std::erase(value, '\r');  // as Postfix's milter protocol folds
  for (const std::size_t size : {1, 2, 3, 5, 7, 64}) {
    for (const auto& result : verify(message, rfc8463_zone(), now, {}, size)) {
      EXPECT_EQ(result.result, DkimResult::pass) << size << ": " << result.problem;
    }
  }
}

TEST(Dkim, HasNoResultForAMessageWithoutSignatures) {
  EXPECT_THAT(verify(plain_message(), Zone()), IsEmpty());
  EXPECT_THAT(verify(Message(), Zone()), IsEmpty());
}

TEST(Dkim, VerifiesEveryCanonicalizationAndAlgorithm) {
  for (const std::string form :
       {"simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed", "relaxed", "simple"}) {
    for (const bool rsa : {true, false}) {
      Signing signing;
      signing.key = rsa ? &rsa_key() : &ed25519_key();
      signing.before = std::string(" v=1; a=") + (rsa ? "rsa" : "ed25519") +
                       "-sha256; d=example.com; s=sel; c=" + form + "; h=from:to:subject";
      const auto zone = zone_with(key_record(*signing.key, rsa ? "" : "v=DKIM1; k=ed25519; "));
      const auto result = verify_one(signed_message(plain_message(), signing), zone);
      EXPECT_EQ(result.result, DkimResult::pass) << form << ": " << result.problem;
    }
  }
}

struct BodyCase {
  std::string name;
  std::string signed_body;
  std::string received_body;
  bool simple_passes;
  bool relaxed_passes;
};

TEST(Dkim, SeesEveryChangeOfTheBodyThatItsCanonicalizationDoesNotForgive) {
  const std::vector<BodyCase> cases = {
      {"nothing changed", "a b\r\n", "a b\r\n", true, true},
      {"empty body", "", "", true, true},
      {"empty body became a blank line", "", "\r\n", true, true},
      {"blank lines at the end", "a\r\n", "a\r\n\r\n\r\n", true, true},
      {"no line end at the end", "a\r\n", "a", true, true},
      {"a blank line within", "a\r\nb\r\n", "a\r\n\r\nb\r\n", false, false},
      {"more white space", "a b\r\n", "a \t b\r\n", false, true},
      {"white space at the end of a line", "a\r\nb\r\n", "a  \r\nb\r\n", false, true},
      {"white space at the beginning", "a\r\n", " a\r\n", false, false},
      {"a last line of white space", "a\r\n", "a\r\n  \r\n", false, true},
      {"a letter", "a\r\n", "b\r\n", false, false},
      {"a lone CR put in", "ab\r\n", "a\rb\r\n", false, false},
      {"a lone CR taken out", "a\rb\r\n", "ab\r\n", false, false},
      {"a lone CR kept", "a\rb \r\r\n", "a\rb \r\r\n", true, true},
      {"a lone LF became a line end", "a\nb\r\n", "a\r\nb\r\n", false, false},
      {"a long line", std::string(100000, 'x'), std::string(100000, 'x') + "\r\n", true, true},
      {"a long line's end", std::string(100000, 'x'), std::string(99999, 'x') + "y", false, false},
      {"bytes above ASCII, and NUL", std::string("\xc3\xa4\0\xff\r\n", 6), std::string("\xc3\xa4\0\xff\r\n", 6), true,
       true},
  };
  const auto zone = zone_with(key_record());
  for (const auto& test : cases) {
    for (const bool relaxed : {false, true}) {
      auto message = plain_message();
      message.body = test.signed_body;
      Signing signing;
      signing.before = std::string(" v=1; a=rsa-sha256; d=example.com; s=sel; h=from; c=relaxed/") +
                       (relaxed ? "relaxed" : "simple");
      auto sent = signed_message(message, signing);
      sent.body = test.received_body;
      const bool passes = relaxed ? test.relaxed_passes : test.simple_passes;
      for (const std::size_t size : {1, 3, 70000}) {
        const auto result = verify(sent, zone, now, {}, size).front();
        EXPECT_EQ(result.result, passes ? DkimResult::pass : DkimResult::fail)
            << test.name << (relaxed ? ", relaxed: " : ", simple: ") << result.problem;
        if (!passes) {
          EXPECT_THAT(result.problem, HasSubstr("body"));
        }
      }
    }
  }
}

struct HeaderCase {
  std::string name;
  std::string signed_names;
  std::vector<Header> signed_headers;
  std::vector<Header> received_headers;
  bool simple_passes;
  bool relaxed_passes;
};

TEST(Dkim, SeesEveryChangeOfASignedHeader) {
  const Header from = {"From", " a@example.com"};
  const std::vector<HeaderCase> cases = {
      {"nothing changed", "from", {from}, {from}, true, true},
      {"white space and case of the name", "from", {from}, {{"FROM", "   a@example.com "}}, false, true},
      {"no space behind the colon", "from", {from}, {{"From", "a@example.com"}}, false, true},
      {"folded anew", "from:x", {from, {"X", " a b"}}, {from, {"X", " a\r\n\tb"}}, false, true},
      {"another value", "from", {from}, {{"From", " b@example.com"}}, false, false},
      {"case of the value", "from", {from}, {{"From", " A@example.com"}}, false, false},
      {"a vertical tab is no white space", "from:x", {from, {"X", " a b"}}, {from, {"X", " a\vb"}}, false, false},
      {"a second From on top", "from", {from}, {{"From", " evil@example.org"}, from}, true, true},
      {"a second From below", "from", {from}, {from, {"From", " evil@example.org"}}, false, false},
      {"a second From, oversigned", "from:from", {from}, {{"From", " evil@example.org"}, from}, false, false},
      {"a header that is not there", "from:x-none", {from}, {from}, true, true},
      {"a header put in that was signed as missing", "from:x", {from}, {from, {"X", " 1"}}, false, false},
      {"a header not signed", "from", {from}, {from, {"X", " 1"}}, true, true},
      {"two of a name, both signed, changed places",
       "from:x:x",
       {from, {"X", " 1"}, {"X", " 2"}},
       {from, {"X", " 2"}, {"X", " 1"}},
       false,
       false},
      {"a From that cannot be read", "from", {{"From", " (((<\"@"}}, {{"From", " (((<\"@"}}, true, true},
      {"no From at all", "from:x", {{"X", " 1"}}, {{"X", " 1"}}, true, true},
  };
  const auto zone = zone_with(key_record());
  for (const auto& test : cases) {
    for (const bool relaxed : {false, true}) {
      Signing signing;
      signing.before = std::string(" v=1; a=rsa-sha256; d=example.com; s=sel; c=") + (relaxed ? "relaxed" : "simple") +
                       "; h=" + test.signed_names;
      const auto signature = make_signature({test.signed_headers, ""}, signing);
      Message sent{test.received_headers, ""};
      sent.headers.insert(sent.headers.begin(), signature);
      const auto result = verify_one(sent, zone);
      const bool passes = relaxed ? test.relaxed_passes : test.simple_passes;
      EXPECT_EQ(result.result, passes ? DkimResult::pass : DkimResult::fail)
          << test.name << (relaxed ? ", relaxed: " : ", simple: ") << result.problem;
    }
  }
}

TEST(Dkim, CoversOtherSignaturesButNeverItself) {
  auto message = signed_message(plain_message());
  Signing outer;
  outer.before = " v=1; a=rsa-sha256; d=example.com; s=sel; c=simple; h=from:dkim-signature:dkim-signature";
  message = signed_message(message, outer);
  const auto zone = zone_with(key_record());
  for (const auto& result : verify(message, zone)) EXPECT_EQ(result.result, DkimResult::pass) << result.problem;
  message.headers[1].second += " ";
  EXPECT_EQ(verify(message, zone).front().result, DkimResult::fail);
}

struct SignatureCase {
  std::string name;
  std::string before;
  std::string after;
  DkimResult result;
  std::string problem;
};

// Each is signed as it stands, so nothing but the tag in question can be wrong with it.
TEST(Dkim, JudgesTheTagsOfASignature) {
  const std::string good = " v=1; a=rsa-sha256; d=example.com; s=sel; c=relaxed/relaxed; h=from:to:subject";
  const auto with = [&good](std::string_view from, std::string_view to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  const auto pass = DkimResult::pass;
  const auto fail = DkimResult::fail;
  const auto permerror = DkimResult::permerror;
  const auto policy = DkimResult::policy;
  const std::vector<SignatureCase> cases = {
      {"all is well", good, "", pass, ""},
      {"a semicolon at the end", good, ";", pass, ""},
      {"folds around every sign",
       " v\r\n = 1 ;\r\n\ta=rsa-sha256 ; d = example.com;s=sel; c=relaxed/relaxed; h=from :\r\n to", "", pass, ""},
      {"an unknown tag", good + "; xyz=1; xb=2", "", pass, ""},
      {"a domain in capitals", with("d=example.com", "d=Example.COM"), "", pass, ""},
      {"v=0.5", with("v=1", "v=0.5"), "", permerror, "v= is not 1"},
      {"v=2", with("v=1", "v=2"), "", permerror, "v= is not 1"},
      {"no v", with("v=1; ", ""), "", permerror, "v= is missing"},
      {"no a", with("a=rsa-sha256; ", ""), "", permerror, "a= is missing"},
      {"no d", with("d=example.com; ", ""), "", permerror, "d= is missing"},
      {"no s", with("s=sel; ", ""), "", permerror, "s= is missing"},
      {"no h", with("; h=from:to:subject", ""), "", permerror, "h= is missing"},
      {"empty d", with("d=example.com", "d="), "", permerror, "d= is empty"},
      {"a tag twice", good + "; d=example.com", "", permerror, "d= occurs twice"},
      {"a tag twice behind b", good, "; v=1", permerror, "v= occurs twice"},
      {"an empty tag", good + ";", "", permerror, "without"},
      {"a tag without name", good + "; =1", "", permerror, "name"},
      {"a tag without value sign", good + "; x", "", permerror, "="},
      {"rsa-sha1", with("rsa-sha256", "rsa-sha1"), "", policy, "RFC 8301"},
      {"an unknown algorithm", with("rsa-sha256", "dsa-sha3"), "", permerror, "a= names no algorithm"},
      {"an unknown canonicalization", with("relaxed/relaxed", "relaxed/nowsp"), "", permerror, "c="},
      {"From not signed", with("from:to:", "to:"), "", permerror, "does not sign From"},
      {"an empty header name", with("from:to:", "from::"), "", permerror, "h="},
      {"a domain of one label", with("d=example.com", "d=com"), "", permerror, "d= is no domain"},
      {"a domain with a dot at the end", with("d=example.com", "d=example.com."), "", permerror, "d="},
      {"a domain that is none", with("d=example.com", "d=exa mple.com"), "", permerror, "d="},
      {"a selector that is none", with("s=sel", "s=s..l"), "", permerror, "s="},
      {"i below d", good + "; i=joe@sub.example.com", "", pass, ""},
      {"i equal to d", good + "; i=@example.com", "", pass, ""},
      {"i elsewhere", good + "; i=@example.org", "", permerror, "i= is not within"},
      {"i that ends alike", good + "; i=@badexample.com", "", permerror, "i= is not within"},
      {"i above d", good + "; i=@com", "", permerror, "i="},
      {"i without @", good + "; i=example.com", "", permerror, "i= has no @"},
      {"q=dns/txt", good + "; q=dns/txt", "", pass, ""},
      {"q with others", good + "; q=http/x:dns/txt", "", pass, ""},
      {"q unknown", good + "; q=http", "", permerror, "q="},
      {"expired", good + "; t=1600000000; x=1699999999", "", fail, "expired"},
      {"expires now", good + "; x=1700000000", "", pass, ""},
      {"signed a little ahead of our clock", good + "; t=1700000300", "", pass, ""},
      {"signed in the future", good + "; t=1700000301", "", fail, "future"},
      {"signed at the beginning of time", good + "; t=0", "", pass, ""},
      {"x not after t", good + "; t=1600000000; x=1600000000", "", permerror, "x= is not after t="},
      {"t with a sign", good + "; t=-1", "", permerror, "t="},
      {"t too long", good + "; t=1000000000000", "", permerror, "t="},
      {"x that is no number", good + "; x=soon", "", permerror, "x="},
      {"l that is no number", good + "; l=1k", "", permerror, "l="},
      {"l beyond the body", good + "; l=99999", "", fail, "l="},
      {"l beyond all numbers", good + "; l=" + std::string(76, '9'), "", fail, "l="},
  };
  const auto zone = zone_with(key_record());
  for (const auto& test : cases) {
    Signing signing;
    signing.before = test.before;
    signing.after = test.after;
    const auto result = verify_one(signed_message(plain_message(), signing), zone);
    EXPECT_EQ(result.result, test.result) << test.name << ": " << result.problem;
    EXPECT_THAT(result.problem, HasSubstr(test.problem)) << test.name;
  }
}

TEST(Dkim, ReadsBAndBhOnlyAsBase64OfTheRightLength) {
  const auto zone = zone_with(key_record());
  const std::string start = " v=1; a=rsa-sha256; d=example.com; s=sel; h=from; ";
  const std::string hash = "bh=" + base64(std::string(32, 'x'));
  for (const auto& [tags, problem] :
       std::vector<std::pair<std::string, std::string>>{{hash + "; b=", "b= is empty"},
                                                        {hash + "; b=a", "b= is no base64"},
                                                        {hash + "; b=a?bc", "b= is no base64"},
                                                        {hash + "; b=ab=c", "b= is no base64"},
                                                        {hash, "b= is missing"},
                                                        {"bh=; b=abcd", "bh= is empty"},
                                                        {"bh=abcd; b=abcd", "bh= is no SHA-256"},
                                                        {"bh=*; b=abcd", "bh= is no base64"},
                                                        {"b=abcd", "bh= is missing"}}) {
    auto message = plain_message();
    message.headers.insert(message.headers.begin(), {"DKIM-Signature", start + tags});
    const auto result = verify_one(message, zone);
    EXPECT_EQ(result.result, DkimResult::permerror) << tags;
    EXPECT_THAT(result.problem, HasSubstr(problem)) << tags;
  }
}

TEST(Dkim, TakesTheValueOfBOutHoweverItIsWritten) {
  const auto zone = zone_with(key_record());
  for (const std::string tag : {"; b=", "; b =", ";\r\n\tb\r\n =\r\n "}) {
    for (const std::string form : {"simple", "relaxed"}) {
      Signing signing;
      signing.before = " v=1; a=rsa-sha256; d=example.com; s=sel; h=from; c=" + form;
      // The white space behind "=" belongs to the value, so the signer leaves it out of what is hashed.
      const auto last = tag.find('=');
      signing.signature_tag = tag.substr(0, last + 1);
      auto header = make_signature(plain_message(), signing);
      const auto value = header.second.rfind(signing.signature_tag) + signing.signature_tag.size();
      header.second.insert(value + 20, "\r\n  ");
      header.second.insert(value, tag.substr(last + 1));
      header.second += " ";
      auto message = plain_message();
      message.headers.insert(message.headers.begin(), header);
      const auto result = verify_one(message, zone);
      EXPECT_EQ(result.result, DkimResult::pass) << tag << form << ": " << result.problem;
    }
  }
}

TEST(Dkim, GivesABrokenSignatureItsOwnResultAndStillVerifiesTheNext) {
  auto message = signed_message(plain_message());
  message.headers.insert(message.headers.begin(), {"DKIM-Signature", " v=1; d=example.org; garbage"});
  message.headers.insert(message.headers.begin(), {"dkim-signature", ""});
  const auto results = verify(message, zone_with(key_record()));
  ASSERT_THAT(results, SizeIs(3));
  EXPECT_EQ(results[0].result, DkimResult::permerror);
  EXPECT_EQ(results[1].result, DkimResult::permerror);
  EXPECT_EQ(results[2].result, DkimResult::pass) << results[2].problem;
}

TEST(Dkim, TellsWhatALimitedBodyLengthLeavesOpen) {
  const auto zone = zone_with(key_record());
  auto message = plain_message();
  message.body = "Hello\r\n";
  Signing signing;
  signing.before += "; l=7";
  signing.length = 7;
  auto sent = signed_message(message, signing);
  auto result = verify_one(sent, zone);
  EXPECT_EQ(result.result, DkimResult::pass) << result.problem;
  EXPECT_FALSE(result.body_length_limited);

  sent.body += "and a footer\r\n";
  result = verify_one(sent, zone);
  EXPECT_EQ(result.result, DkimResult::pass) << result.problem;
  EXPECT_TRUE(result.body_length_limited);

  sent.body = "Hell0\r\nand a footer\r\n";
  EXPECT_EQ(verify_one(sent, zone).result, DkimResult::fail);
  sent.body = "Hello";  // gets its CRLF, which was signed
  EXPECT_EQ(verify_one(sent, zone).result, DkimResult::pass);
  sent.body = "Hell";
  EXPECT_THAT(verify_one(sent, zone).problem, HasSubstr("l= is more"));
}

TEST(Dkim, HashesOneBodyForSeveralLengthsAndForms) {
  const auto zone = zone_with(key_record());
  auto message = plain_message();
  message.body = std::string(9000, 'a') + " \r\n" + std::string(9000, 'b') + "\r\n";
  for (const std::string form : {"simple", "relaxed"}) {
    for (const std::uint64_t length : {0, 1, 4096, 9001, 18004}) {
      Signing signing;
      signing.before =
          " v=1; a=rsa-sha256; d=example.com; s=sel; h=from; c=relaxed/" + form + "; l=" + std::to_string(length);
      signing.length = length;
      message = signed_message(message, signing);
    }
  }
  const auto results = verify(message, zone, now, {}, 1000);
  EXPECT_THAT(results, SizeIs(10));
  for (const auto& result : results) EXPECT_EQ(result.result, DkimResult::pass) << result.problem;
}

TEST(Dkim, CountsTheGivenClockAndNoOther) {
  const auto zone = zone_with(key_record());
  Signing signing;
  signing.before += "; t=4000000000; x=4000000100";
  const auto message = signed_message(plain_message(), signing);
  EXPECT_EQ(verify_one(message, zone, 4000000050).result, DkimResult::pass);
  EXPECT_EQ(verify_one(message, zone, 4000000101).result, DkimResult::fail);
  EXPECT_EQ(verify_one(message, zone, 0).result, DkimResult::fail);
}

TEST(Dkim, TriesABoundedNumberOfSignaturesFromTheTop) {
  auto message = signed_message(plain_message());
  const auto good = message.headers.front();
  message.headers.erase(message.headers.begin());
  message.headers.insert(message.headers.begin(), 999, {"DKIM-Signature", " v=1; a=rsa-sha256; d=evil.example"});
  message.headers.insert(message.headers.begin() + 9, good);
  const auto results = verify(message, zone_with(key_record()));
  ASSERT_THAT(results, SizeIs(11));
  EXPECT_EQ(results[9].result, DkimResult::pass);
  EXPECT_EQ(results[10].result, DkimResult::policy);
  EXPECT_THAT(results[10].problem, HasSubstr("990 more"));
}

TEST(Dkim, AsksForEachKeyOnceAndOnlyWhereItCanMatter) {
  auto message = signed_message(signed_message(plain_message()));
  message.headers.insert(message.headers.begin(), {"DKIM-Signature", " v=1; a=rsa-sha256; d=broken.example"});
  DkimVerifier verifier(DkimLimits(), now);
  for (const auto& [name, value] : message.headers) verifier.header(name, value);
  verifier.end_of_headers();
  EXPECT_THAT(verifier.key_questions(), ElementsAre(dns::Question{"sel._domainkey.example.com", dns::Type::txt}));
  verifier.body(message.body);
  dns::DnsAnswers nothing;
  EXPECT_FALSE(verifier.finish(nothing).has_value());
  EXPECT_THAT(nothing.take_missing(), SizeIs(1));
}

TEST(Dkim, SaysSoWhenTheHeadersAreTooLongToBeKept) {
  auto message = signed_message(plain_message());
  message.headers.insert(message.headers.end(), 10000, {"X-Junk", " 0123456789012345678901234567890123456789"});
  const auto result = verify_one(message, zone_with(key_record()));
  EXPECT_EQ(result.result, DkimResult::policy);
  EXPECT_THAT(result.problem, HasSubstr("headers are longer"));
  EXPECT_EQ(result.domain, "example.com");
}

TEST(Dkim, TakesASignatureOfAThousandNamesAndNoMore) {
  Message message;
  for (int i = 0; i < 2000; ++i) message.headers.push_back({"A", " x"});
  std::string names = "from";
  for (int i = 1; i < 1000; ++i) names += ":a";
  Signing signing;
  signing.before = " v=1; a=rsa-sha256; d=example.com; s=sel; c=relaxed; h=" + names;
  EXPECT_EQ(verify_one(signed_message(message, signing), zone_with(key_record())).result, DkimResult::pass);
  signing.before += ":a";
  const auto result = verify_one(signed_message(message, signing), zone_with(key_record()));
  EXPECT_EQ(result.result, DkimResult::policy);
  EXPECT_THAT(result.problem, HasSubstr("more than 1000 names"));
}

// A signature by nobody, as long as the key's modulus, so that it would be computed with.
Header forged_signature(const std::string& selector, std::size_t key_bits) {
  return {"DKIM-Signature", " v=1; a=rsa-sha256; d=example.com; c=relaxed/relaxed; h=from; s=" + selector +
                                "; bh=" + body_hash(plain_message(), DkimCanonicalization::relaxed, std::nullopt) +
                                "; b=" + base64(std::string(key_bits / 8, '\x11'))};
}

std::size_t count(const std::vector<model::DkimSignature>& results, DkimResult result) {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(), [result](const auto& each) { return each.result == result; }));
}

TEST(Dkim, SpendsNoMoreOnKeysThanItsEffortHoweverManyAndLargeTheyAre) {
  auto message = plain_message();
  Zone zone;
  for (int i = 0; i < 10; ++i) {
    const std::string selector = "s" + std::to_string(i);
    message.headers.insert(message.headers.begin(), forged_signature(selector, 8192));
    for (int k = 0; k < 3; ++k) zone.txt(selector + "._domainkey.example.com", "p=" + made_up_rsa_key(8192));
  }
  // Each of the keys costs a unit to read and 16 to use: 51 a signature.
  const auto results = verify(message, zone);
  EXPECT_EQ(count(results, DkimResult::fail), 1U);
  EXPECT_EQ(count(results, DkimResult::policy), 9U);
  EXPECT_THAT(results.back().problem, HasSubstr("cost more than is spent"));
  DkimLimits generous;
  generous.max_effort = 510;
  EXPECT_EQ(count(verify(message, zone, now, generous), DkimResult::fail), 10U);
}

TEST(Dkim, VerifiesAsManySignaturesByTheLargestUsualKeysAsItTries) {
  for (const std::size_t bits : {1024, 2048, 4096}) {
    auto message = plain_message();
    Zone zone;
    for (int i = 0; i < 10; ++i) {
      const std::string selector = "s" + std::to_string(i);
      message.headers.insert(message.headers.begin(), forged_signature(selector, bits));
      zone.txt(selector + "._domainkey.example.com", "p=" + made_up_rsa_key(bits));
    }
    EXPECT_EQ(count(verify(message, zone), DkimResult::fail), 10U) << bits << ": computed, and found wrong";
  }
}

TEST(Dkim, CountsAKeyByItsModulusAndItsExponent) {
  const auto effort = [](std::size_t bits, const std::string& exponent) {
    const auto key = DkimKey::parse("p=" + made_up_rsa_key(bits, exponent), DkimAlgorithm::rsa_sha256, {});
    return key ? key->effort() : 0;
  };
  const std::string usual("\x01\x00\x01", 3);
  EXPECT_EQ(effort(1024, usual), 1U);
  EXPECT_EQ(effort(2048, usual), 1U);
  EXPECT_EQ(effort(4096, usual), 4U);
  EXPECT_EQ(effort(8192, usual), 16U);
  EXPECT_EQ(effort(8192, std::string(8, '\x7f')), 100U);
}

TEST(Dkim, VerifiesOnManyThreadsAtOnce) {
  const auto message = parse_message(rfc8463_message);
  const auto zone = rfc8463_zone();
  std::vector<std::thread> threads;
  std::vector<int> passed(8);
  for (int& count : passed) {
    threads.emplace_back([&message, &zone, &count] {
      for (int i = 0; i < 50; ++i) {
        for (const auto& result : verify(message, zone)) count += result.result == DkimResult::pass ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(passed, ::testing::Each(100));
}

TEST(Dkim, MovesBetweenThreadsWithinOneMessage) {
  const auto message = parse_message(rfc8463_message);
  DkimVerifier verifier(DkimLimits(), now);
  const auto on_another_thread = [](const auto& step) { std::thread(step).join(); };
  on_another_thread([&] {
    for (const auto& [name, value] : message.headers) verifier.header(name, value);
    verifier.end_of_headers();
  });
  on_another_thread([&] { verifier.body(message.body); });
  const auto results =
      dns::testing::run(rfc8463_zone(), [&](dns::DnsAnswers& answers) { return verifier.finish(answers); });
  EXPECT_EQ(results.front().result, DkimResult::pass);
}

}  // namespace
}  // namespace connectord::auth
