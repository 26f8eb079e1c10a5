#include "fleet/mended_text.h"

#include <gtest/gtest.h>

#include "connectord/base/text.h"

namespace connectord::fleet {
namespace {

using namespace std::string_literals;

TEST(FleetMendedText, WhatPostgresqlTakesStaysAsItIs) {
  for (const std::string& text : {""s, "plain"s, "Grüße, 世界 \xf0\x9f\x98\x80"s, "\x01\x7f"s, "\xf4\x8f\xbf\xbf"s}) {
    EXPECT_TRUE(is_acceptable(text)) << text;
    EXPECT_EQ(mended(text), text);
  }
}

TEST(FleetMendedText, WhatItRefusesIsReplaced) {
  EXPECT_EQ(mended("a\0b"s),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(mended("Gr\xfc\xdf"
                   "e"s),
            "Gr\xef\xbf\xbd\xef\xbf\xbd"
            "e");
  for (const std::string& text : {"\0"s, "\xc0\x80"s, "\xed\xa0\x80"s, "\xf4\x90\x80\x80"s, "\xff"s, "\xe4\xb8"s}) {
    EXPECT_FALSE(is_acceptable(text));
    EXPECT_TRUE(is_acceptable(mended(text)));
  }
}

TEST(FleetMendedText, TheOriginalsAreKeptByColumn) {
  MendedTexts texts;
  EXPECT_EQ(texts.take(1, "fine"), "fine");
  EXPECT_EQ(texts.originals(), "");
  EXPECT_EQ(texts.take(3, "\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(texts.take(200, "a\0"s), "a\xef\xbf\xbd");
  const auto read = read_originals(texts.originals());
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0], Original(3, "\xff"));
  EXPECT_EQ(read[1], Original(200, std::string_view("a\0", 2)));
}

TEST(FleetMendedText, DamagedOriginalsEndTheList) {
  MendedTexts texts;
  texts.take(3, "\xff\xfe");
  const std::string whole(texts.originals());
  EXPECT_TRUE(read_originals(whole.substr(0, whole.size() - 1)).empty());
  EXPECT_EQ(read_originals(whole + "\x01\xff\xff\xff\xff").size(), 1U);
}

}  // namespace
}  // namespace connectord::fleet
