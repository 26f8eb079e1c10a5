#include "connectord/mail/header_field.h"

#include <gtest/gtest.h>

#include "connectord/mail/text.h"

namespace connectord::mail {
namespace {

using namespace std::string_literals;

TEST(HeaderField, NamesAreTheSameInAnyCaseAndWithWhitespaceAroundThem) {
  for (const char* name : {"From", "from", "FROM", "From ", "From\t", " From", "From \r\n"}) {
    EXPECT_TRUE(is_named(name, "From")) << name;
  }
  for (const char* name : {"", " ", "Fro", "Froma", "Resent-From", "F rom"}) {
    EXPECT_FALSE(is_named(name, "From")) << name;
  }
}

TEST(HeaderField, UnfoldsBothKindsOfLineEnds) {
  EXPECT_EQ(unfold("a\r\n b").value(), "a b");
  EXPECT_EQ(unfold("a\n\tb\n c").value(), "a\tb c");
  EXPECT_EQ(unfold("\r\n a@b").value(), " a@b");
  EXPECT_EQ(unfold("").value(), "");
}

TEST(HeaderField, NamesWhatMakesAValueUnreadable) {
  const struct {
    std::string value;
    std::string problem;
  } cases[] = {
      {"a\0b"s, "a NUL character"},
      {"a\rb", "a bare CR"},
      {"a\r", "a bare CR"},
      {"a\nb", "a bare LF"},
      {"a\r\nb", "a bare CR"},
      {"a\n", "a bare LF"},
      {"a\x1b[0m", "a control character"},
      {"a\x7f", "a control character"},
      {"a\r\n \r\n b", "a continuation line of nothing but whitespace"},
      {"a\n \n", "a continuation line of nothing but whitespace"},
      {"a\n\t", "a continuation line of nothing but whitespace"},
      {std::string(longest_read_value + 1, 'a'), "longer than 16384 characters"},
  };
  for (const auto& c : cases) {
    const auto result = unfold(c.value);
    ASSERT_FALSE(result) << printable(c.value);
    EXPECT_EQ(result.error(), c.problem) << printable(c.value);
  }
}

TEST(Text, TellsUtf8FromOtherBytes) {
  for (const char* good : {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad : {"\xe9", "\xc3", "\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "a\xc3z"}) {
    EXPECT_FALSE(is_utf8(bad)) << printable(bad);
  }
}

TEST(Text, TextFromOutsideBecomesPrintable) {
  EXPECT_EQ(printable("a\r\nb\xc3\xa9"), "a??b??");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
}

}  // namespace
}  // namespace connectord::mail
