#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connectord/log/logger.h"

namespace connectord::log {
namespace {

std::string text(std::string value) {
  return format_text({Severity::info, "4X", "", {{"helo", std::move(value)}}});
}

TEST(LogText, CannotBeForgedByAValue) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"mail.example.org", "4X: helo=mail.example.org"},
      {"", "4X: helo=\"\""},
      {"two words", "4X: helo=\"two words\""},
      {"x, action=accept", "4X: helo=\"x, action=accept\""},
      {"x\", action=accept", "4X: helo=\"x\\\", action=accept\""},
      {"x\"y", "4X: helo=\"x\\\"y\""},
      {"x\\\", action=accept", "4X: helo=\"x\\x5c\\\", action=accept\""},
      {"x\r\n4Y: forged", "4X: helo=\"x\\x0d\\x0a4Y: forged\""},
      {"\x1b[2K", "4X: helo=\\x1b[2K"},
      {"back\\slash", "4X: helo=back\\x5cslash"},
      {std::string("nul\0", 4), "4X: helo=nul\\x00"},
      {"b\xc3\xbc"
       "cher",
       "4X: helo=b\xc3\xbc"
       "cher"},
      {"\xc3", "4X: helo=\\xc3"},
      {"\xc2\x85", "4X: helo=\\xc2\\x85"},
      {"\xe2\x80\xa8", "4X: helo=\\xe2\\x80\\xa8"},
      {"\xe2\x80\xae"
       "gnp",
       "4X: helo=\\xe2\\x80\\xaegnp"},
      {"a\xe2\x81\xa6"
       "b\xe2\x80\x8f\xd8\x9c",
       "4X: helo=a\\xe2\\x81\\xa6"
       "b\\xe2\\x80\\x8f\\xd8\\x9c"},
      {"\xed\xa0\x80", "4X: helo=\\xed\\xa0\\x80"},
      {"\xf0\x9f\x98\x80", "4X: helo=\xf0\x9f\x98\x80"},
  };
  for (const auto& [value, expected] : cases) EXPECT_EQ(text(value), expected);
}

TEST(LogText, CannotBeForgedByAQueueId) {
  EXPECT_EQ(format_text({Severity::info, "4X\nforged: x", "", {}}), "\"4X\\x0aforged: x\": ");
}

TEST(LogText, NamesTheSeverity) {
  EXPECT_EQ(format_text({Severity::warning, "policy", "cannot read", {{"error", "x"}}}),
            "policy: warning: cannot read, error=x");
}

TEST(LogJson, ShowsNoCharacterThatTurnsTextAround) {
  const auto line = format_json({Severity::info, "4X", "", {{"helo", "a\xe2\x80\xae\xe2\x80\xa8"}}});
  EXPECT_NE(line.find("\"a\\u202e\\u2028\""), std::string::npos) << line;
  EXPECT_EQ(nlohmann::json::parse(line)["helo"], "a\xe2\x80\xae\xe2\x80\xa8");
}

TEST(LogJson, IsOneObjectWithRepeatedKeysAsAnArray) {
  const auto line =
      format_json({Severity::info, "4X", "", {{"finding", "a\n\"b"}, {"finding", "\xff"}, {"action", "accept"}}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto object = nlohmann::json::parse(line);
  EXPECT_EQ(object["subject"], "4X");
  EXPECT_EQ(object["finding"], (nlohmann::json{"a\n\"b", "\xef\xbf\xbd"}));
  EXPECT_EQ(object["action"], "accept");
}

}  // namespace
}  // namespace connectord::log
