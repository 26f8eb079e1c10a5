#include "ctl/text_layout.h"

#include <gtest/gtest.h>

#include <sstream>

#include "ctl/finding_text.h"
#include "ctl/table.h"
#include "ctl/wrapped_output.h"

namespace connectord::ctl {
namespace {

using Lines = std::vector<std::string>;

TEST(TextLayout, BreaksLinesAtWordsAndNeverWithinOne) {
  EXPECT_EQ(wrapped("one two three", 20), Lines{"one two three"});
  EXPECT_EQ(wrapped("one two three", 7), (Lines{"one two", "three"}));
  EXPECT_EQ(wrapped("averyverylongword two", 5), (Lines{"averyverylongword", "two"}));
  EXPECT_EQ(wrapped("  label  text goes on", 14, 9), (Lines{"  label  text", "goes", "on"}));
  EXPECT_EQ(wrapped("", 5), Lines{""});
  EXPECT_EQ(wrapped("b\xc3\xbc"
                    "cher \033[1mx\033[0m",
                    8),
            Lines{"b\xc3\xbc"
                  "cher \033[1mx\033[0m"});
}

TEST(TextLayout, GoesOnBelowTheTextBehindALabel) {
  EXPECT_EQ(hanging_indent("text that is long"), 2U);
  EXPECT_EQ(hanging_indent("    text"), 6U);
  EXPECT_EQ(hanging_indent("  --since TEXT    From this time on"), 18U);
  EXPECT_EQ(hanging_indent("12:00:00.000  queued      accept as 4X"), 26U);
}

TEST(TextLayout, LetsLongLinesThroughOnlyWhereTheyAreKept) {
  const auto shown = [](const std::string& text, bool keeps) {
    std::ostringstream out;
    {
      WrappedOutput buffer(out, 12);
      if (keeps) buffer.keep_lines();
      std::ostream(&buffer) << text;
    }
    return out.str();
  };
  EXPECT_EQ(shown("one two three four\n", false), "one two\n  three four\n");
  EXPECT_EQ(shown("one two three four\n", true), "one two three four\n");
  EXPECT_EQ(shown("a question that has no end", false), "a question that has no end");
}

class Tables : public ::testing::Test {
 protected:
  std::string shown(std::size_t width, bool colour = false) const {
    Table table({{"NAME"}, {"SCENARIO", true}, {"STATUS"}, {"ANSWER"}});
    table.add(
        {std::string("contoso"), std::string("on-premises"), {"refused", red}, std::string("TLS is required here")});
    std::ostringstream out;
    std::ostringstream error;
    std::istringstream in;
    table.print({out, error, in, colour, width});
    return out.str();
  }
};

TEST_F(Tables, AreAsWideAsTheyNeedWhereThereIsRoom) {
  EXPECT_EQ(shown(0),
            "NAME     SCENARIO     STATUS   ANSWER\n"
            "contoso  on-premises  refused  TLS is required here\n");
}

TEST_F(Tables, BreakTheirCellsAtWordsThenLeaveColumnsOutThenTakeSeveralLines) {
  EXPECT_EQ(shown(48),
            "NAME     SCENARIO     STATUS   ANSWER\n"
            "contoso  on-premises  refused  TLS is required\n"
            "                               here\n");
  EXPECT_EQ(shown(40),
            "NAME     STATUS   ANSWER\n"
            "contoso  refused  TLS is required here\n");
  EXPECT_EQ(shown(24),
            "NAME  SCENARIO  STATUS\n    ANSWER\n"
            "contoso  on-premises\n    refused\n    TLS is required here\n");
}

TEST_F(Tables, HaveColoursAroundTheirWordsOnly) {
  EXPECT_NE(shown(0, true).find("\033[1;31mrefused\033[0m  TLS"), std::string::npos) << shown(0, true);
}

}  // namespace
}  // namespace connectord::ctl
