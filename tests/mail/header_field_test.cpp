#include "connectord/mail/header_field.h"

#include <gtest/gtest.h>

#include "connectord/base/text.h"

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
      {std::string(max_read_value_length + 1, 'a'), "longer than 16384 characters"},
  };
  for (const auto& c : cases) {
    const auto result = unfold(c.value);
    ASSERT_FALSE(result) << base::printable(c.value);
    EXPECT_EQ(result.error(), c.problem) << base::printable(c.value);
  }
}

}  // namespace
}  // namespace connectord::mail
