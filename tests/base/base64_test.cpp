#include "connectord/base/base64.h"

#include <gtest/gtest.h>

namespace connectord::base {
namespace {

TEST(Base64, IsReadAsItIsWritten) {
  for (const std::string& bytes : {std::string(), std::string("a"), std::string("ab"), std::string("abc"),
                                   std::string("\0\xff\r\n", 4), std::string(1000, '\xfe')}) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
  EXPECT_EQ(from_base64("SGVs\r\nbG8=\r\n"), "Hello");
}

TEST(Base64, IsReadInOneWayOnly) {
  for (const char* text : {"a", "abc", "ab=c", "a===", "====", "ab==ab==", "ab!=", "SGVs bG8=", "SGVs-G8=", "=abc"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

}  // namespace
}  // namespace connectord::base
