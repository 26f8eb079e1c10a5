#include "connectord/base/shell_word.h"

#include <gtest/gtest.h>

namespace connectord::base {
namespace {

TEST(ShellWord, IsQuotedWhereAShellWouldTakeAPartOfItForItsOwn) {
  const struct {
    const char* text;
    const char* word;
  } cases[] = {
      {"/etc/connectord/a.key", "/etc/connectord/a.key"},
      {"example.net", "example.net"},
      {"", "''"},
      {"two words", "'two words'"},
      {"$(id)", "'$(id)'"},
      {"<a'; id; '@b>", "'<a'\\''; id; '\\''@b>'"},
  };
  for (const auto& one : cases) EXPECT_EQ(shell_word(one.text), one.word);
  EXPECT_EQ(shell_quoted("example.net"), "'example.net'");
}

}  // namespace
}  // namespace connectord::base
