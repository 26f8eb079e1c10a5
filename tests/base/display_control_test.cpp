#include "connectord/base/display_control.h"

#include <gtest/gtest.h>

#include <string>

namespace connectord::base {
namespace {

std::string utf8(unsigned code) {
  std::string text;
  if (code < 0x800) {
    text += static_cast<char>(0xc0U | (code >> 6U));
  } else {
    text += static_cast<char>(0xe0U | (code >> 12U));
    text += static_cast<char>(0x80U | ((code >> 6U) & 0x3fU));
  }
  return text + static_cast<char>(0x80U | (code & 0x3fU));
}

bool is_control(unsigned code) {
  const auto within = [code](unsigned first, unsigned last) { return code >= first && code <= last; };
  return within(0x80, 0x9f) || code == 0x61c || within(0x200e, 0x200f) || within(0x2028, 0x202e) ||
         within(0x2066, 0x2069);
}

TEST(DisplayControls, AreTheseAndNoOthers) {
  for (unsigned code = 0x80; code <= 0xffff; ++code) {
    if (code >= 0xd800 && code <= 0xdfff) continue;  // surrogates
    const std::string text = utf8(code) + "x";
    EXPECT_EQ(display_control_length(text), is_control(code) ? text.size() - 1 : 0U) << std::hex << code;
    EXPECT_EQ(display_control_length(text.substr(0, 1)), 0U) << "cut off";
  }
  EXPECT_EQ(display_control_length(""), 0U);
  EXPECT_EQ(display_control_length("\xe2\x80"), 0U);
}

TEST(DisplayControls, AreEscapedInJsonAndNothingElseIs) {
  EXPECT_EQ(escape_display_controls("{\"a\":\"x\xe2\x80\xaey\xe2\x81\xa6z\xc2\x85\xd8\x9c\"}"),
            "{\"a\":\"x\\u202ey\\u2066z\\u0085\\u061c\"}");
  EXPECT_EQ(escape_display_controls("{\"a\":\"b\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80\"}"),
            "{\"a\":\"b\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80\"}");
}

}  // namespace
}  // namespace connectord::base
