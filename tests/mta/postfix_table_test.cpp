#include "mta/postfix_table.h"

#include <gtest/gtest.h>

namespace connectord::mta {
namespace {

using Entries = std::vector<TableEntry>;

TEST(PostfixTable, HasTheEntriesThatPostmapWouldHave) {
  struct {
    const char* title;
    const char* text;
    Entries entries;
  } const cases[] = {
      {"nothing", "", {}},
      {"a line", "contoso.com smtp:[mx]:25\n", {{"contoso.com", "smtp:[mx]:25"}}},
      {"no end of the last line", "a b", {{"a", "b"}}},
      {"a key in capitals", "Contoso.COM  Smtp:[MX]\n", {{"contoso.com", "Smtp:[MX]"}}},
      {"comments and empty lines", "# a\n\n  # b c\na b\n", {{"a", "b"}}},
      {"a line that goes on", "a b\n  c\n\td\n", {{"a", "b c d"}}},
      {"a comment within a line", "a b\n# no\n c\n", {{"a", "b c"}}},
      {"what goes on from nothing", "  a b\nc d\n", {{"c", "d"}}},
      {"a key without value", "a\nb c\n", {{"b", "c"}}},
      {"twice the same key", "a 1\nA 2\n", {{"a", "1"}}},
      {"a key in quotes", "\"a key\" value\n", {{"a key", "value"}}},
      {"ends of lines of Windows", "a b\r\nc d\r\n", {{"a", "b"}, {"c", "d"}}},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.title);
    EXPECT_EQ(read_table_source(one.text), one.entries);
  }
}

TEST(PostfixTable, KeepsEachEntryOfATableOfNetworks) {
  EXPECT_EQ(read_cidr_source("192.0.2.0/24 OK\n192.0.2.0/24 REJECT no\n"),
            (Entries{{"192.0.2.0/24", "OK"}, {"192.0.2.0/24", "REJECT no"}}));
}

TEST(PostfixTable, ReadsWhatMainCfHasInPlace) {
  EXPECT_EQ(read_inline_table("{ a = b, { C = d e } {nothing} x=y }"), (Entries{{"c", "d e"}, {"x", "y"}}));
  EXPECT_EQ(read_inline_table("{ {a = b} {c=d} }"), (Entries{{"a", "b"}, {"c", "d"}}));
}

TEST(PostfixTable, KnowsTheTypeBehindAProxy) {
  EXPECT_EQ(read_table_name("proxy:hash:/etc/postfix/a").type, "hash");
  EXPECT_EQ(read_table_name("hash:/etc/postfix/a").name, "/etc/postfix/a");
  EXPECT_EQ(read_table_name("permit").type, "");
}

}  // namespace
}  // namespace connectord::mta
