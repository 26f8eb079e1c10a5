#include "connectord/mail/automatic.h"

#include <gtest/gtest.h>

namespace connectord::mail {
namespace {

TEST(SentBy, IsWhatAFieldSaysOfItsSender) {
  struct {
    const char* name;
    const char* value;
    SentBy expected;
  } const cases[] = {
      {"Auto-Submitted", " auto-replied", SentBy::program},
      {"auto-submitted ", " Auto-Generated; x=y", SentBy::program},
      {"Auto-Submitted", "", SentBy::program},
      {"Auto-Submitted", " nobody", SentBy::program},
      {"Auto-Submitted", "\n No (by hand)", SentBy::anybody},
      {"Precedence", " auto_reply", SentBy::program},
      {"Precedence", " Bulk (newsletter)", SentBy::list},
      {"Precedence", " junk", SentBy::list},
      {"Precedence", " first-class", SentBy::anybody},
      {"List-Id", " <x.example.org>", SentBy::list},
      {"LIST-UNSUBSCRIBE", " <mailto:x@example.org>", SentBy::list},
      {"Listed", " x", SentBy::anybody},
      {"Subject", " auto-replied", SentBy::anybody},
  };
  for (const auto& one : cases) EXPECT_EQ(sent_by({one.name, one.value}), one.expected) << one.name << one.value;
}

}  // namespace
}  // namespace connectord::mail
