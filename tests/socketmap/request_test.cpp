#include "socketmap/request.h"

#include <gtest/gtest.h>

#include <vector>

namespace connectord::socketmap {
namespace {

constexpr std::size_t longest = 1000;

// The content and what follows it, "more" where bytes are missing, or what is wrong.
std::string read(std::string_view bytes) {
  const auto netstring = read_netstring(bytes, longest);
  if (!netstring) return netstring.error();
  if (!*netstring) return "more";
  return "<" + std::string((*netstring)->content) + ">" + std::string(bytes.substr((*netstring)->size));
}

TEST(SocketmapRequest, ReadsOneNetstringAfterTheOther) {
  for (const auto& [bytes, expected] : std::vector<std::pair<std::string, std::string>>{
           {"11:transport *,", "<transport *>"},
           {"0:,", "<>"},
           {"3:a,b,4:", "<a,b>4:"},
           {"2:::,", "<::>"},
           {"", "more"},
           {"1", "more"},
           {"12", "more"},
           {"3:", "more"},
           {"3:abc", "more"},
           {"1000:", "more"},
           {"1001", "a request that is too long"},
           {"1000000:x", "a request that is too long"},
           {"99999999999999999999999999999999", "a request that is too long"},
           {"3:abcd", "a netstring without its comma"},
           {"00:,", "a length that begins with 0"},
           {"03:abc,", "a length that begins with 0"},
           {"00000000000", "a length that begins with 0"},
           {":", "no netstring"},
           {"-1:a,", "no netstring"},
           {" 3:abc,", "no netstring"},
           {"3 :abc,", "no netstring"},
           {"+3:abc,", "no netstring"},
           {"GET / HTTP/1.1\r\n", "no netstring"},
           {std::string("\0", 1), "no netstring"},
           {std::string("3:a\0b,", 6), std::string("<a\0b>", 5)},
       }) {
    EXPECT_EQ(read(bytes), expected) << bytes;
  }
}

TEST(SocketmapRequest, AskingForMoreNeverBecomesAnotherAnswerByWhatFollows) {
  const std::string whole = "11:transport *,";
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(read(whole.substr(0, size)), "more") << size;
}

TEST(SocketmapRequest, WritesWhatItReads) {
  for (const std::string& content : {std::string(), std::string("OK smtp:[a]:25, [b]:25"), std::string(longest, 'x')}) {
    EXPECT_EQ(read(to_netstring(content)), "<" + content + ">");
  }
}

TEST(SocketmapRequest, IsAMapAndAKey) {
  const auto parts = [](std::string_view content) {
    const auto request = parse_request(content);
    return request ? std::string(request->map) + "|" + std::string(request->key) : "none";
  };
  EXPECT_EQ(parts("transport a@example.com"), "transport|a@example.com");
  EXPECT_EQ(parts("header X-Connector-Route: a b"), "header|X-Connector-Route: a b");
  EXPECT_EQ(parts("transport "), "transport|");
  EXPECT_EQ(parts("transport  a"), "transport| a");
  EXPECT_EQ(parts("transport"), "none");
  EXPECT_EQ(parts(" a"), "none");
  EXPECT_EQ(parts(""), "none");
}

}  // namespace
}  // namespace connectord::socketmap
