#include "connectord/mail/path.h"

#include <gtest/gtest.h>

namespace connectord::mail {
namespace {

TEST(Unquoted, IsTheSameForAllSpellingsOfAMailbox) {
  for (const char* spelling :
       {"john.doe", "\"john.doe\"", "\"john\\.doe\"", "\"\\j\\o\\h\\n.doe\"", "john\\.doe", "john.\"doe\""}) {
    EXPECT_EQ(unquoted(spelling), "john.doe") << spelling;
  }
  EXPECT_EQ(unquoted(R"("a\"b")"), "a\"b");
  EXPECT_EQ(unquoted(R"("a\\b")"), "a\\b");
  EXPECT_EQ(unquoted("\"\""), "");
  EXPECT_EQ(unquoted("a\\"), "a\\");
}

}  // namespace
}  // namespace connectord::mail
