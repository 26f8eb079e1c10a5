#include "connectord/mail/author.h"

#include <gtest/gtest.h>

#include "connectord/mail/header_field.h"
#include "connectord/mail/text.h"
#include "connectord/net/ascii_case.h"

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
  };
  for (const Readable& c : cases) {
    const auto author = parse_author({c.value});
    ASSERT_TRUE(author) << c.value << ": " << author.error();
    EXPECT_EQ(author->domain, c.domain) << c.value;
    ASSERT_EQ(author->mailboxes.size(), 1U) << c.value;
    EXPECT_EQ(author->mailboxes[0], (Mailbox{c.display_name, c.local_part, c.domain})) << c.value;
  }
}

TEST(Author, SeveralMailboxesOfOneDomainAreOneAuthorDomain) {
  const auto author =
      parse_author({"a@b\xc3\xbc"
                    "cher.example, \"B, C\" <b@xn--bcher-kva.example>,c@XN--BCHER-KVA.example."});
  ASSERT_TRUE(author) << author.error();
  EXPECT_EQ(author->domain, "xn--bcher-kva.example");
  EXPECT_EQ(author->mailboxes.size(), 3U);
}

struct Unreadable {
  std::string value;
  std::string problem;  // a part of what is said
};

// Tricks of published spoofing tool sets, with the reader each of them aims at.
TEST(Author, RefusesWhatCanBeReadInTwoWaysAndNamesIt) {
  const Unreadable cases[] = {
      // several addresses
      {"<first@evil.example>, <admin@victim.example>", "several domains: evil.example and victim.example"},
      {"admin@victim.example,<second@evil.example>", "several domains"},
      {"x@evil.example, x@sub.evil.example", "several domains"},
      {"=?utf-8?b?PGFkbWluQHZpY3RpbS5leGFtcGxlPg==?=,<second@evil.example>", "a name without an address"},
      {"<admin@victim.example>\\,<second@evil.example>", "text behind an address in angle brackets"},
      {"<any@evil.example>admin@victim.example", "text behind an address in angle brackets"},
      {"<any@evil.example> <admin@victim.example>", "text behind an address in angle brackets"},
      {"<any@evil.example><admin@victim.example>", "text behind an address in angle brackets"},
      {"admin@victim.example <x@evil.example>", "an address in place of the name"},
      {"admin@victim.example<x@evil.example>", "an address in place of the name"},
      {"admin@victim.example <x@sub.victim.example>", "an address in place of the name"},
      {"admin@victim.example <x@victim.example> <x@evil.example>", "text behind an address"},
      {"admin@victim.example <@victim.example:x@evil.example>", "a route address"},
      {"Admin admin@victim.example <x@evil.example>", "words before an address"},
      {"admin@victim.example x@evil.example", "text behind an address"},
      {"admin@victim.example;x@evil.example", "text behind an address"},
      {"<admin@victim.example,x@evil.example>", "does not end with its domain"},
      {"<admin@victim.example x@evil.example>", "does not end with its domain"},
      {"<x@evil.example>,", "an empty place"},
      {",<x@evil.example>", "an empty place"},
      {"<x@evil.example>,,<y@evil.example>", "an empty place"},
      // routes, groups, nothing
      {"<@evil.example,@any.example:admin@victim.example>", "a route address"},
      {"<@evil.example:admin@victim.example>", "a route address"},
      {"@evil.example:admin@victim.example", "without a local part"},
      {"undisclosed:;", "a group"},
      {"Staff: admin@victim.example, x@evil.example;", "a group"},
      {"Staff: <admin@victim.example>;", "a group"},
      {";", "a group"},
      {"", "empty"},
      {"   ", "empty"},
      {"(only a comment)", "empty"},
      {"<>", "an empty address"},
      {"User <>", "an empty address"},
      {"User", "a name without an address: \"User\""},
      {"\"admin@victim.example\"", "a name without an address"},
      // comments and quotes
      {"<x@evil.example(@victim.example)>", "a comment inside an address"},
      {"<(admin@victim.example)x@evil.example", "does not end with its domain"},
      {"<admin(@victim.example)@evil.example>", "a comment inside an address"},
      {"<admin@(<victim.example>)evil.example>", "a comment inside an address"},
      {"<admin@victim.example(.evil.example>", "a comment that is not closed"},
      {"admin@victim.example(comment).evil.example", "whitespace or a comment inside a domain"},
      {"admin@victim.example .evil.example", "whitespace or a comment inside a domain"},
      {"admin@victim.example. evil.example", "whitespace or a comment inside a domain"},
      {"admin@victim.example\r\n .evil.example", "whitespace or a comment inside a domain"},
      {"admin@victim.example)x@evil.example", "text behind an address"},
      {"\"admin@victim.example <x@evil.example>", "a quoted string that is not closed"},
      {"\"admin\\\" <x@evil.example>", "a quoted string that is not closed"},
      {"\"admin\" \"x\"@evil.example", "words before an address"},
      {"<admin .x@evil.example>", "words before an address"},
      {"<admin@victim.example", "does not end with its domain"},
      {"admin@victim.example>", "text behind an address"},
      {"x@evil.example\"@victim.example\"", "text behind an address"},
      {"<x@evil.example@victim.example>", "does not end with its domain"},
      {"x@evil.example@victim.example", "text behind an address"},
      {std::string(40, '(') + std::string(40, ')') + " x@evil.example", "nested too deep"},
      // encoded words and lookalikes
      {"=?utf-8?q?admin=40victim.example?=@evil.example", "an encoded word in an address"},
      {"<=?utf-8?q?admin?=@evil.example>", "an encoded word in an address"},
      {"<x@=?utf-8?q?evil?=.example>", "an encoded word in an address"},
      {"=?utf-8?q?admin@victim.example?= <x@evil.example>", "an encoded word in an address"},
      {"<admin\xef\xbc\xa0victim.example@evil.example>", "looks like @"},
      {"<admin\xef\xb9\xabvictim.example@evil.example>", "looks like @"},
      // domains
      {"x@[192.0.2.1]", "an address literal"},
      {"<x@[IPv6:2001:db8::1]>", "an address literal"},
      {"<x@[evil.example]>", "an address literal"},
      {"<x@>", "without a domain"},
      {"x@", "without a domain"},
      {"<x>", "without a domain"},
      {"x@.example", "is not a domain"},
      {"x@evil..example", "is not a domain"},
      {"x@evil.example..", "is not a domain"},
      {"x@victim.example'a.evil.example", "\"victim.example'a.evil.example\" is not a domain"},
      {"x@" + std::string(64, 'a') + ".example", "is not a domain"},
      {".x@evil.example", "a local part"},
      {"x.@evil.example", "a local part that ends with a dot"},
      {"x..y@evil.example", "a local part"},
      {"\"x\"y@evil.example", "a local part"},
      // bytes
      {"admin@victim.example\0@evil.example"s, "a NUL character"},
      {"\"\0\" <x@evil.example>"s, "a NUL character"},
      {"admin@victim.example\r<x@evil.example>", "a bare CR"},
      {"admin@victim.example\nX: <x@evil.example>", "a bare LF"},
      {"admin@victim.example\r\nFrom: x@evil.example", "a bare CR"},
      {"admin@victim.example\r\n \r\n <x@evil.example>", "a continuation line"},
      {"J\xfcrgen <x@evil.example>", "not UTF-8"},
      {"x@evil.example" + std::string(longest_read_value, ' '), "longer than"},
  };
  for (const Unreadable& c : cases) {
    const auto author = parse_author({c.value});
    ASSERT_FALSE(author) << printable(c.value) << " was read as " << author->domain;
    EXPECT_TRUE(net::contains_ignoring_case(author.error(), c.problem)) << printable(c.value) << ": " << author.error();
    EXPECT_EQ(author.error(), printable(author.error(), 1000)) << "a problem is fit for a reply";
  }
}

TEST(Author, ThereMustBeOneFromField) {
  EXPECT_EQ(parse_author({}).error(), "no From field");
  EXPECT_EQ(parse_author({"a@example.com", "a@example.com"}).error(), "2 From fields");
}

TEST(Author, TooManyMailboxesAreRefused) {
  std::string value = "a@b.example";
  for (std::size_t i = 1; i < most_authors; ++i) value += ",a@b.example";
  EXPECT_TRUE(parse_author({value}));
  EXPECT_FALSE(parse_author({value + ",a@b.example"}));
}

}  // namespace
}  // namespace connectord::mail
