#include "connectord/mail/author.h"

#include <gtest/gtest.h>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/mail/header_field.h"
#include "connectord/net/domain_name.h"

namespace connectord::mail {
namespace {

using namespace std::string_literals;

struct Readable {
  std::string value;
  std::string domain;
  std::string display_name;
  std::string local_part;
};

TEST(Author, ReadsFromFieldsThatHaveOneMeaning) {
  const Readable cases[] = {
      {"user@example.com", "example.com", "", "user"},
      {"<user@example.com>", "example.com", "", "user"},
      {" \r\n <user@example.com>", "example.com", "", "user"},
      {"User <user@EXAMPLE.com>", "example.com", "User", "user"},
      {"\"User, Any\" <user@example.com>", "example.com", "User, Any", "user"},
      {"\"a \\\"quoted\\\" name\" <user@example.com>", "example.com", "a \"quoted\" name", "user"},
      {"John Q. Public <user@example.com>", "example.com", "John Q. Public", "user"},
      {"Shop.example <user@example.com>", "example.com", "Shop.example", "user"},
      {"Shop [EU] <user@example.com>", "example.com", "Shop [EU]", "user"},
      {"User\r\n\t<user@example.com>", "example.com", "User", "user"},
      {"User<user@example.com>", "example.com", "User", "user"},
      {"=?utf-8?q?J=C3=BCrgen?= <user@example.com>", "example.com", "=?utf-8?q?J=C3=BCrgen?=", "user"},
      {"=?utf-8?q?Example_Inc.?= <user@example.com>", "example.com", "=?utf-8?q?Example_Inc.?=", "user"},
      {"J\xc3\xbcrgen <user@example.com>", "example.com", "J\xc3\xbcrgen", "user"},
      {"\"admin@victim.example\" <x@evil.example>", "evil.example", "admin@victim.example", "x"},
      {"\"<admin@victim.example>\" <x@evil.example>", "evil.example", "<admin@victim.example>", "x"},
      {"=?utf-8?b?PGFkbWluQHZpY3RpbS5leGFtcGxlPg==?= <x@evil.example>", "evil.example",
       "=?utf-8?b?PGFkbWluQHZpY3RpbS5leGFtcGxlPg==?=", "x"},
      {"user@example.com <user@EXAMPLE.com>", "example.com", "user@example.com", "user"},
      {"other@example.com <user@example.com>", "example.com", "other@example.com", "user"},
      {"x@evil.example (admin@victim.example)", "evil.example", "", "x"},
      {"(admin) x@evil.example", "evil.example", "", "x"},
      {"(a (nested \\) (comment))) User <user@example.com> (end)", "example.com", "User", "user"},
      {"<user(comment)@(comment)example.com(comment)>", "example.com", "", "user"},
      {"< user @ example.com >", "example.com", "", "user"},
      {"\"admin@victim.example\"@evil.example", "evil.example", "", "admin@victim.example"},
      {"\"admin@victim.example>\"@evil.example", "evil.example", "", "admin@victim.example>"},
      {"first.\"middle\".last@example.com", "example.com", "", "first.middle.last"},
      {"user+tag@example.com", "example.com", "", "user+tag"},
      {"user%victim.example@evil.example", "evil.example", "", "user%victim.example"},
      {"\xc3\xbcser@example.com", "example.com", "", "\xc3\xbcser"},
      {"user@example.com.", "example.com", "", "user"},
      {"user@B\xc3\x9c"
       "CHER.example",
       "xn--bcher-kva.example", "", "user"},
      {"user@xn--bcher-kva.example", "xn--bcher-kva.example", "", "user"},
      {"user@localhost", "localhost", "", "user"},
      {"O'Brien & Sons/Co <user@example.com>", "example.com", "O'Brien & Sons/Co", "user"},
      // the obsolete syntax of RFC 5322, 4.4, and what is written every day
      {"User <user@example.com>,", "example.com", "User", "user"},
      {",<user@example.com>", "example.com", "", "user"},
      {"a..b@example.com", "example.com", "", "a..b"},
      {".a.@example.com", "example.com", "", ".a."},
      {"<a . b@example.com>", "example.com", "", "a.b"},
      {"\"a\"b@example.com", "example.com", "", "ab"},
  };
  for (const Readable& c : cases) {
    const auto author = parse_author({c.value});
    ASSERT_TRUE(author) << c.value << ": " << author.error();
    EXPECT_TRUE(author->is_certain()) << c.value;
    EXPECT_EQ(author->domains, std::vector<std::string>{c.domain}) << c.value;
    EXPECT_EQ(author->remark, "") << c.value;
    ASSERT_EQ(author->mailboxes.size(), 1U) << c.value;
    EXPECT_EQ(author->mailboxes[0], (Mailbox{c.display_name, c.local_part, c.domain})) << c.value;
  }
}

TEST(Author, SeveralMailboxesOfOneDomainAreOneAuthorDomain) {
  const auto author =
      parse_author({"a@b\xc3\xbc"
                    "cher.example, \"B, C\" <b@xn--bcher-kva.example>,c@XN--BCHER-KVA.example."});
  ASSERT_TRUE(author) << author.error();
  EXPECT_EQ(author->domains, std::vector<std::string>{"xn--bcher-kva.example"});
  EXPECT_EQ(author->mailboxes.size(), 3U);
}

TEST(Author, EmptyPlacesInAListAreObsoleteSyntaxAndNameNobody) {
  const auto author = parse_author({" ,, <a@example.com>,, ,b@example.com,"});
  ASSERT_TRUE(author) << author.error();
  EXPECT_TRUE(author->is_certain());
  EXPECT_EQ(author->mailboxes.size(), 2U);
}

struct Ugly {
  std::string value;
  std::string domain;
  std::string remark;  // a part of it
};

// Whoever finds an author domain in these finds the same one, so it is certain.
TEST(Author, AnUglyFieldWhoseDomainIsCertainHasOneAuthorDomainAndARemark) {
  const Ugly cases[] = {
      {"J\xf6rg <a@sender.test>", "sender.test", "not UTF-8"},
      {"\"J\xf6rg\" <j\xf6rg@sender.test>", "sender.test", "not UTF-8"},
      {"\x83\x5c\x83\x6a\x81\x5b <a@sender.test>", "sender.test", "a [ without its ]"},  // Shift-JIS
      {"\x1b$B@n8}\x1b(B <a@sender.test>", "sender.test", "a control character"},        // ISO-2022-JP
      {"M\xc3\xbcller, Hans <a@sender.test>", "sender.test", "a name without an address"},
      {"Joe @ Acme, Inc. <a@sender.test>", "sender.test", "acme and sender.test"},
      {"Sales @ Sender <a@sender.test>", "sender.test", "an address in place of the name"},
      {"Joe <a@sender.test> (on the road", "sender.test", "a comment that is not closed"},
      {"\"Alice <a@sender.test>", "sender.test", "a quoted string that is not closed"},
      {"Alice\" <a@sender.test>", "sender.test", "a quoted string that is not closed"},
      {"(Alice a@sender.test", "sender.test", "a comment that is not closed"},
      {"<a@sender.test", "sender.test", "does not end with its domain"},
      {"a@sender.test>", "sender.test", "text behind an address"},
      {"<<a@sender.test>>", "sender.test", "without a domain"},
      {"Alice a@sender.test", "sender.test", "words before an address"},
      {"a@sender.test Alice", "sender.test", "text behind an address"},
      {"Alice <a@sender.test> Smith", "sender.test", "text behind an address"},
      {"Alice <a@sender.test>;", "sender.test", "text behind an address"},
      {"Alice: <a@sender.test>", "sender.test", "a group"},
      {"Staff: a@sender.test, b@sender.test;", "sender.test", "a group"},
      {"\"admin\" \"x\"@sender.test", "sender.test", "words before an address"},
      {"Shop [EU <a@sender.test>", "sender.test", "a [ without its ]"},
      {"a@[sender.test]", "sender.test", "an address literal"},
      {"=?utf-8?Q?a=40sender.test?=", "sender.test", "a name without an address"},
      {"=?utf-8?b?YUBzZW5kZXIudGVzdA==?=", "sender.test", "a name without an address"},
      {"<=?utf-8?q?admin?=@sender.test>", "sender.test", "an encoded word in an address"},
      {"Alice\r\n \r\n <a@sender.test>", "sender.test", "a continuation line"},
      {"<a@sender.test> <>", "sender.test", "text behind an address"},
      {"a@" + std::string(64, 'x') + ".sender.test", "sender.test", "is not a domain"},
      {std::string(40, '(') + std::string(40, ')') + " a@sender.test", "sender.test", "nested too deep"},
      {"@sender.test", "sender.test", "without a local part"},
  };
  for (const Ugly& c : cases) {
    const auto author = parse_author({c.value});
    ASSERT_TRUE(author) << base::printable(c.value) << ": " << author.error();
    EXPECT_EQ(author->domains, std::vector<std::string>{c.domain}) << base::printable(c.value);
    EXPECT_TRUE(author->is_certain()) << base::printable(c.value);
    EXPECT_TRUE(base::contains_ignoring_case(author->remark, c.remark))
        << base::printable(c.value) << ": " << author->remark;
    EXPECT_EQ(author->remark, base::printable(author->remark, 1000)) << "a remark is fit for a reply";
  }
}

struct TwoWays {
  std::string value;
  std::vector<std::string> domains;  // that must be among those that are found
  std::string remark;                // a part of it
};

// Tricks of published spoofing tool sets. Whichever reader each of them aims at, the domain that it finds is known.
TEST(Author, FindsEveryDomainOfWhatCanBeReadInTwoWays) {
  const std::string evil = "evil.example";
  const std::string victim = "victim.example";
  const std::vector<std::string> both = {evil, victim};
  const TwoWays cases[] = {
      // several addresses
      {"<first@evil.example>, <admin@victim.example>", both, "several domains: evil.example and victim.example"},
      {"admin@victim.example,<second@evil.example>", both, "several domains"},
      {"x@evil.example, x@sub.evil.example", {evil, "sub.evil.example"}, "several domains"},
      {"=?utf-8?b?PGFkbWluQHZpY3RpbS5leGFtcGxlPg==?=,<second@evil.example>", both, "a name without an address"},
      {"=?utf-8?b?PGFkb WluQHZp!Y3RpbS5leGFtcGxlPg?=,<second@evil.example>", both, "a name without an address"},
      {"=?utf-16be?q?=00a=00=40=00v=00i=00c=00t=00i=00m=00.=00e=00x=00a=00m=00p=00l=00e?=,<x@evil.example>", both, ""},
      {"<admin@victim.example>\\,<second@evil.example>", both, "text behind an address in angle brackets"},
      {"<any@evil.example>admin@victim.example", both, "text behind an address in angle brackets"},
      {"<any@evil.example> <admin@victim.example>", both, "text behind an address in angle brackets"},
      {"<any@evil.example><admin@victim.example>", both, "text behind an address in angle brackets"},
      {"admin@victim.example <x@evil.example>", both, "an address in place of the name"},
      {"admin@victim.example<x@evil.example>", both, "an address in place of the name"},
      {"admin@victim.example <x@sub.victim.example>",
       {victim, "sub.victim.example"},
       "an address in place of the name"},
      {"admin@victim.example <x@victim.example> <x@evil.example>", both, "text behind an address"},
      {"admin@victim.example <@victim.example:x@evil.example>", both, "a route address"},
      {"Admin admin@victim.example <x@evil.example>", both, "words before an address"},
      {"admin@victim.example x@evil.example", both, "text behind an address"},
      {"admin@victim.example;x@evil.example", both, "text behind an address"},
      {"<admin@victim.example,x@evil.example>", both, "does not end with its domain"},
      {"<admin@victim.example x@evil.example>", both, "does not end with its domain"},
      // routes and groups
      {"<@evil.example,@any.example:admin@victim.example>", {evil, victim, "any.example"}, "a route address"},
      {"<@evil.example:admin@victim.example>", both, "a route address"},
      {"@evil.example:admin@victim.example", both, "without a local part"},
      {"Staff: admin@victim.example, x@evil.example;", both, "a group"},
      {"\"admin@victim.example\": <x@evil.example>;", both, "a group"},
      // comments and quotes
      {"<x@evil.example(@victim.example)>", both, "a comment inside an address"},
      {"<(admin@victim.example)x@evil.example", both, "does not end with its domain"},
      {"<admin(@victim.example)@evil.example>", both, "a comment inside an address"},
      {"<a.(@victim.example)b@evil.example>", both, "a comment inside an address"},
      {"<admin@(<victim.example>)evil.example>", {evil}, "a comment inside an address"},
      {"<admin@victim.example(.evil.example>", {victim}, "a comment that is not closed"},
      {"admin@victim.example(comment).evil.example", {victim, "victim.example.evil.example"}, "inside a domain"},
      {"admin@victim(comment).example", {"victim", victim}, "inside a domain"},
      {"admin@vic(comment)tim.example", {"vic", victim}, ""},
      {"admin@vic\r\n tim.example", {"vic", victim}, ""},
      {"admin@vic\"x\"tim.example", {"vic", victim}, ""},
      {"admin@victim.example .evil.example", {victim, "victim.example.evil.example"}, "inside a domain"},
      {"admin@victim.example. evil.example", {victim, "victim.example.evil.example"}, "inside a domain"},
      {"admin@victim.example\r\n .evil.example", {victim, "victim.example.evil.example"}, "inside a domain"},
      {"admin@victim.example)x@evil.example", both, "text behind an address"},
      {"\"admin@victim.example <x@evil.example>", both, "a quoted string that is not closed"},
      {"\"\x83\x5c\" <admin@victim.example> \"<x@evil.example>", both, "not UTF-8"},
      {"x@evil.example\"@victim.example\"", both, "text behind an address"},
      {"<x@evil.example@victim.example>", both, "does not end with its domain"},
      {"x@evil.example@victim.example", both, "text behind an address"},
      {"x@evil.\"victim.\"example", {"evil", "evil.example", "evil.victim.example"}, ""},
      // encoded words and lookalikes
      {"=?utf-8?q?admin=40victim.example?=@evil.example", both, "an encoded word in an address"},
      {"<x@=?utf-8?q?evil?=.example,=?utf-8?q?a=40victim?=.example>", both, "an encoded word in an address"},
      {"=?utf-8?q?admin@victim.example?= <x@evil.example>", both, "an encoded word in an address"},
      {"=?utf-8?q?admin=40victim.example_x,<x@evil.example>", both, "a name"},
      {"<admin\xef\xbc\xa0victim.example@evil.example>", both, "looks like @"},
      {"<admin\xef\xb9\xabvictim.example@evil.example>", both, "looks like @"},
      // domains
      {"x@evil..victim.example", {"evil", "evil.victim.example"}, "is not a domain"},
      {"x@victim.example'a.evil.example", {victim, "a.evil.example"}, "is not a domain"},
      {"x@b\xfc"
       "cher.example",
       {"xn--bcher-kva.example", "cher.example"},
       "is not a domain"},
      // bytes
      {"admin@victim.example\0@evil.example"s, both, "a NUL character"},
      {"admin@victim.example\0.evil.example"s, {victim, "victim.example.evil.example"}, "a NUL character"},
      {"admin@victim.example\r<x@evil.example>", both, "a bare CR"},
      {"admin@victim.example\nX: <x@evil.example>", both, "a bare LF"},
      {"admin@victim.example\r\nFrom: x@evil.example", both, "a bare CR"},
      {"admin@victim.example\r\n \r\n <x@evil.example>", both, "a continuation line"},
      {"\x1b$B admin@victim.example\x1b(B <x@evil.example>", both, "a control character"},
  };
  for (const TwoWays& c : cases) {
    const auto author = parse_author({c.value});
    ASSERT_TRUE(author) << base::printable(c.value) << ": " << author.error();
    for (const std::string& domain : c.domains) {
      EXPECT_NE(std::find(author->domains.begin(), author->domains.end(), domain), author->domains.end())
          << base::printable(c.value) << " names " << domain << " too";
    }
    EXPECT_EQ(author->is_certain(), c.domains.size() == 1) << base::printable(c.value);
    EXPECT_TRUE(base::contains_ignoring_case(author->remark, c.remark))
        << base::printable(c.value) << ": " << author->remark;
    EXPECT_EQ(author->remark, base::printable(author->remark, 1000)) << "a remark is fit for a reply";
  }
}

TEST(Author, AFieldWithoutADomainNamesNobodyAndIsCompletedAsMailServersDo) {
  const struct {
    std::string value;
    bool lacks_domain;
    std::string remark;
  } cases[] = {
      {"", false, "empty"},
      {"   ", false, "empty"},
      {",", false, "empty"},
      {"(only a comment)", false, "empty"},
      {"<>", false, "an empty address"},
      {"undisclosed-recipients:;", false, "a group"},
      {";", false, "a group"},
      {"x@[192.0.2.1]", false, "an address literal"},
      {"<x@[IPv6:2001:db8::1]>", false, "an address literal"},
      {"root", true, "a name without an address: \"root\""},
      {"root (Cron Daemon)", true, "a name without an address"},
      {"User <>", true, "an empty address"},
      {"<x>", true, "without a domain"},
      {"x@", true, "without a domain"},
      {"Staff: ceo;", true, "a group"},
      {"J\xf6rg", true, "a name without an address"},
  };
  for (const auto& c : cases) {
    auto author = parse_author({c.value});
    ASSERT_TRUE(author) << c.value << ": " << author.error();
    EXPECT_TRUE(author->domains.empty() && !author->is_certain()) << base::printable(c.value);
    EXPECT_EQ(author->lacks_domain, c.lacks_domain) << base::printable(c.value);
    EXPECT_TRUE(base::contains_ignoring_case(author->remark, c.remark))
        << base::printable(c.value) << ": " << author->remark;
    complete_author(*author, "sender.test", "mx.example.net");
    EXPECT_EQ(author->domains, std::vector<std::string>{c.lacks_domain ? "mx.example.net" : "sender.test"}) << c.value;
  }
  auto missing = parse_author({});
  EXPECT_EQ(missing->remark, "no From field");
  complete_author(*missing, "", "mx.example.net");
  EXPECT_TRUE(missing->domains.empty()) << "the null sender completes nothing";
  auto named = parse_author({"a@example.com"});
  complete_author(*named, "sender.test", "mx.example.net");
  EXPECT_EQ(named->domains, std::vector<std::string>{"example.com"});
}

TEST(Author, AControlCharacterMakesEveryAuthorUncertain) {
  for (const std::string& value :
       {"\"\0\" <a@sender.test>"s, "a@sender.test\n"s, "\r a@sender.test"s, "a@sender.test\x01"s, "\x7f a@sender.test"s,
        "\x1b[2K a@sender.test"s, "\x1b a@sender.test"s}) {
    const auto author = parse_author({value});
    ASSERT_TRUE(author) << base::printable(value);
    EXPECT_EQ(author->domains, std::vector<std::string>{"sender.test"}) << base::printable(value);
    EXPECT_FALSE(author->is_certain()) << base::printable(value);
  }
}

TEST(Author, SeveralFromFieldsAreSeveralAuthorsWhomeverTheyName) {
  const auto same = parse_author({"a@example.com", "b@example.com"});
  EXPECT_EQ(same->remark, "2 From fields");
  EXPECT_EQ(same->domains, std::vector<std::string>{"example.com"});
  EXPECT_FALSE(same->is_certain());
  EXPECT_TRUE(same->is_disputed);
  const auto others = parse_author({"a@example.com", "", "\"b@c.example\" x@d.example", "e@f.example"});
  EXPECT_EQ(others->domains, (std::vector<std::string>{"example.com", "c.example", "d.example", "f.example"}));
  EXPECT_EQ(parse_author(std::vector<std::string_view>(max_from_fields + 1, "a@example.com")).error(),
            "too many From fields");
}

TEST(Author, WhatCannotBeLookedAtAsAWholeIsAnError) {
  std::string several = "a@d0.example";
  for (std::size_t i = 1; i < max_author_domains; ++i) several += ",a@d" + std::to_string(i) + ".example";
  EXPECT_EQ(parse_author({several})->domains.size(), max_author_domains);
  std::string mailboxes = "a@b.example";
  for (int i = 1; i < 64; ++i) mailboxes += ",a@b.example";
  EXPECT_TRUE(parse_author({mailboxes})->is_certain());
  for (const std::string& value :
       {several + ",a@one.more.example", mailboxes + ",a@b.example", std::string(200, '@') + "x",
        "x@evil.example" + std::string(max_read_value_length, ' ')}) {
    const auto author = parse_author({value});
    ASSERT_FALSE(author) << base::printable(value);
    EXPECT_TRUE(author.error().starts_with("From field: ")) << author.error();
  }
  EXPECT_FALSE(parse_author({several, "a@one.more.example"}));
}

}  // namespace
}  // namespace connectord::mail
