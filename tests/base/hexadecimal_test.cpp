#include "connectord/base/hexadecimal.h"

#include <gtest/gtest.h>

namespace connectord::base {
namespace {

TEST(Hexadecimal, DecodesWhatIsMarkedAndNothingElse) {
  EXPECT_EQ(decode_marked_hex("a%2Eb%2e%00", '%'), std::string("a.b.\0", 5));
  for (const char* text : {"", "%", "%2", "%2g", "%%", "+2B", "a%"}) EXPECT_EQ(decode_marked_hex(text, '%'), text);
  EXPECT_EQ(decode_marked_hex("+2B+252E", '+'), "+%2E");
}

TEST(Hexadecimal, KnowsDigitsOfEitherCase) {
  EXPECT_EQ(hex_value('0'), 0);
  EXPECT_EQ(hex_value('f'), 15);
  EXPECT_EQ(hex_value('F'), 15);
  for (const char c : {'g', 'G', '/', ':', '@', '`', '\0', '\xff'}) EXPECT_EQ(hex_value(c), -1);
}

TEST(Hexadecimal, IsReadAsItIsWritten) {
  const std::string bytes("\0a\xff", 3);
  EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
  EXPECT_EQ(from_hex("4A4b"), "JK");
  EXPECT_EQ(from_hex(""), "");
  for (const char* text : {"4", "4g", " 4a", "4a\n"}) EXPECT_FALSE(from_hex(text)) << text;
}

}  // namespace
}  // namespace connectord::base
