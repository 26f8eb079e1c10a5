#include "connectord/sts/https.h"

#include <gtest/gtest.h>

namespace connectord::sts {
namespace {

constexpr std::size_t most = 100;

TEST(HttpAnswer, IsReadByLengthByChunksAndByTheEndOfTheConnection) {
  for (const char* text : {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
                           "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nhello"}) {
    const auto answer = parse_http_answer(text, most);
    ASSERT_TRUE(answer) << answer.error();
    EXPECT_EQ(answer->status, 200U);
    EXPECT_EQ(answer->content_type, "text/plain");
    EXPECT_EQ(answer->body, "hello");
  }
  EXPECT_EQ(parse_http_answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", most)->status, 404U);
}

TEST(HttpAnswer, IsRefusedWhereItIsNoneOrTooLong) {
  for (const std::string& text :
       {std::string(), std::string("220 mx ESMTP\r\n"), std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n") + std::string(101, 'x'),
        std::string("HTTP/1.1 200 OK\r\n\r\n") + std::string(101, 'x'),
        std::string("HTTP/1.1 200 OK\r\nX: ") + std::string(100'000, 'x')}) {
    EXPECT_FALSE(parse_http_answer(text, most)) << text.substr(0, 60);
  }
}

}  // namespace
}  // namespace connectord::sts
