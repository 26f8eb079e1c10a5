#include "connectord/base/ascii_case.h"

#include <gtest/gtest.h>

#include <string>

namespace connectord::base {
namespace {

static_assert(to_lower('A') == 'a' && to_lower('Z') == 'z' && equals_ignoring_case("SPF", "spf"));

TEST(AsciiCase, ChangesLettersOfAsciiOnly) {
  // The neighbours of A and Z, and the other letters of Latin-1 and UTF-8.
  EXPECT_EQ(to_lower("@AZ[`az{09\xc0\xd6 \xc3\x84"), "@az[`az{09\xc0\xd6 \xc3\x84");
  EXPECT_EQ(to_lower(std::string_view("A\0B", 3)), std::string("a\0b", 3));
}

TEST(AsciiCase, ComparesWithoutCase) {
  struct Case {
    std::string_view text;
    std::string_view other;
    bool equal;
    bool starts;
    bool contains;
  };
  const Case cases[] = {
      {"", "", true, true, true},
      {"DKIM", "dkim", true, true, true},
      {"dkim", "", false, true, true},
      {"", "dkim", false, false, false},
      {"dkim", "DKIM-Signature", false, false, false},
      {"DKIM-Signature", "dkim", false, true, true},
      {"ARC-Seal", "seal", false, false, true},
      {"[", "{", false, false, false},
      {"\xc3\x84", "\xc3\xa4", false, false, false},
      {std::string_view("a\0B", 3), std::string_view("A\0b", 3), true, true, true},
      {std::string_view("a\0B", 3), std::string_view("a\0c", 3), false, false, false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.text) + " and " + std::string(c.other));
    EXPECT_EQ(equals_ignoring_case(c.text, c.other), c.equal);
    EXPECT_EQ(starts_with_ignoring_case(c.text, c.other), c.starts);
    EXPECT_EQ(contains_ignoring_case(c.text, c.other), c.contains);
  }
}

}  // namespace
}  // namespace connectord::base
