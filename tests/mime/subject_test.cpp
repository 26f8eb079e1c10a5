#include "connectord/mime/subject.h"

#include <gtest/gtest.h>

#include "connectord/mime/encoded_word.h"

namespace connectord::mime {
namespace {

constexpr const char* unchanged = nullptr;

TEST(MimeSubject, GetsAMarkInFrontAndKeepsItsBytes) {
  struct {
    const char* raw;
    const char* mark;
    const char* marked;
  } const cases[] = {
      {"Hello", "[EXTERNAL] ", "[EXTERNAL] Hello"},
      {" Hello", "[EXTERNAL] ", " [EXTERNAL] Hello"},
      {"", "[EXTERNAL] ", "[EXTERNAL] "},
      {"=?utf-8?B?w7w=?=\n\t=?utf-8?B?w7w=?=", "[X] ", "[X] =?utf-8?B?w7w=?=\n\t=?utf-8?B?w7w=?="},
      {"=?utf-8?B?w7w=?=", "[X]", "[X] =?utf-8?B?w7w=?="},
      {"Hello", "[\xc3\xbc] ", "=?utf-8?b?W8O8XQ==?= Hello"},
      {"=?utf-8?q?a?=", "[\xc3\xbc] ", "=?utf-8?b?W8O8XSA=?= =?utf-8?q?a?="},
      {"8", "[X] ", "[X] 8"},
      {"gr\xfc\xdf", "[X] ", "[X] gr\xfc\xdf"},
      {"[X] Hello", "[X] ", unchanged},
      {"Re: [X] Hello", "[X] ", unchanged},
      {"AW: Re[2]: FWD: [X] Hello", "[X] ", unchanged},
      {"=?utf-8?q?Re=3A_[X]_Gr=C3=BC=C3=9Fe?=", "[X] ", unchanged},
      {"Re: =?utf-8?b?W8O8XQ==?= Hello", "[\xc3\xbc] ", unchanged},
      {"Hello [X]", "[X] ", "[X] Hello [X]"},
      {"Note to self: [X]", "[X] ", "[X] Note to self: [X]"},
      {"Hello", "  ", unchanged},
  };
  for (const auto& one : cases) {
    const auto marked = prepend_to_subject(one.raw, one.mark);
    EXPECT_EQ(marked, one.marked == unchanged ? std::nullopt : std::optional<std::string>(one.marked)) << one.raw;
    if (marked) {
      EXPECT_TRUE(marked->ends_with(std::string_view(one.raw).substr(one.raw[0] == ' ' ? 1 : 0))) << one.raw;
      EXPECT_EQ(prepend_to_subject(*marked, one.mark), std::nullopt) << *marked;
    }
  }
}

TEST(MimeSubject, IsFoldedBehindTheMarkWhereALineWouldBeTooLong) {
  const std::string long_one(985, 'x');
  EXPECT_EQ(prepend_to_subject(long_one, "[EXTERNAL] "), "[EXTERNAL] \n " + long_one);
}

}  // namespace
}  // namespace connectord::mime
