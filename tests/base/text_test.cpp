#include "connectord/base/text.h"

#include <gtest/gtest.h>

namespace connectord::base {
namespace {

TEST(Text, TellsUtf8FromOtherBytes) {
  for (const char* good : {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad : {"\xe9", "\xc3", "\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "a\xc3z"}) {
    EXPECT_FALSE(is_utf8(bad)) << printable(bad);
  }
}

TEST(Text, TellsUtf8FromOtherBytesWhereverTheyStand) {
  for (std::size_t before = 0; before < 20; ++before) {
    const std::string ascii(before, 'x');
    EXPECT_TRUE(is_utf8(ascii + "\xc3\xa9" + ascii)) << before;
    EXPECT_FALSE(is_utf8(ascii + "\xe9" + ascii)) << before;
    EXPECT_FALSE(is_utf8(ascii + "\xc3")) << before;
  }
}

TEST(Text, TextFromOutsideBecomesPrintable) {
  EXPECT_EQ(printable("a\r\nb\xc3\xa9"), "a??b??");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
}

TEST(Text, KnowsHowLongACharacterIs) {
  struct Case {
    std::string_view text;
    std::size_t length;
  };
  for (const Case& c :
       {Case{"", 0}, Case{"ab", 1}, Case{"\xc3\xa9z", 2}, Case{"\xe2\x82\xac", 3}, Case{"\xf0\x9f\x98\x80\x80", 4},
        Case{"\xf0\x8f\xbf\xbf", 0}, Case{"\xf0\x9f\x98", 0}, Case{"\xff", 0}}) {
    EXPECT_EQ(utf8_length(c.text), c.length) << printable(c.text);
  }
}

}  // namespace
}  // namespace connectord::base
