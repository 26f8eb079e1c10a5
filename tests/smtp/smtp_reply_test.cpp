#include "connectord/smtp/smtp_reply.h"

#include <gtest/gtest.h>

namespace connectord::smtp {
namespace {

using State = SmtpReplyReader::State;

struct Read {
  State state = State::more;
  SmtpReply reply;
  std::string rest;
};

// In pieces of that size.
Read read(std::string text, std::size_t piece = 1000) {
  SmtpReplyReader reader;
  Read result;
  while (!text.empty() && result.state == State::more) {
    std::size_t used = 0;
    result.state = reader.read(std::string_view(text).substr(0, piece), used);
    text.erase(0, used);
  }
  result.reply = reader.reply();
  result.rest = text;
  return result;
}

TEST(SmtpReply, IsReadInPiecesOfAnySize) {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
    const Read result = read("250-mx.contoso.com\r\n250-SIZE 1000\r\n250 STARTTLS\r\n354 next", piece);
    EXPECT_EQ(result.state, State::complete) << piece;
    EXPECT_EQ(result.reply.code, 250);
    EXPECT_EQ(result.reply.lines, (std::vector<std::string>{"mx.contoso.com", "SIZE 1000", "STARTTLS"}));
    EXPECT_EQ(result.rest, "354 next");
  }
}

TEST(SmtpReply, MayHaveNoTextAndABareNewline) {
  EXPECT_EQ(read("220\r\n").reply.lines, std::vector<std::string>{""});
  EXPECT_EQ(read("220 ready\n").reply.lines, std::vector<std::string>{"ready"});
}

TEST(SmtpReply, IsRefusedWhereItIsNone) {
  for (const std::string& text :
       {std::string("HTTP/1.1 400 Bad Request\r\n"), std::string("SSH-2.0-OpenSSH\r\n"), std::string("+OK\r\n"),
        std::string("250-one\r\n251 two\r\n"), std::string("2500 x\r\n"), std::string("150 x\r\n"), std::string("\r\n"),
        std::string("25\r\n"), std::string("250x\r\n")}) {
    EXPECT_EQ(read(text).state, State::malformed) << text;
  }
}

TEST(SmtpReply, IsBoundedInLinesAndTheirLength) {
  EXPECT_EQ(read("250 " + std::string(SmtpReplyReader::max_line_length, 'x')).state, State::malformed);
  EXPECT_EQ(read("250 " + std::string(SmtpReplyReader::max_line_length - 5, 'x') + "\r\n").state, State::complete);
  std::string lines;
  for (std::size_t i = 0; i < SmtpReplyReader::max_lines; ++i) lines += "250-x\r\n";
  EXPECT_EQ(read(lines).state, State::more);
  EXPECT_EQ(read(lines + "250 x\r\n").state, State::malformed);
}

TEST(SmtpReply, IsShownWithoutControlCharacters) {
  EXPECT_EQ(read("550 \x1b[31mno\x07 \xc3\xa4\r\n").reply.to_string(), "550 ?[31mno? ??");
  EXPECT_LE(read("550 " + std::string(1000, 'x') + "\r\n").reply.to_string().size(), 303U);
}

TEST(SmtpReply, OfEhloTellsWhatIsOffered) {
  const Extensions found =
      extensions_of(read("250-starttls.example auth\r\n250-starttls\r\n250-AUTH PLAIN login\r\n250 SIZE\r\n").reply);
  EXPECT_TRUE(found.starttls);
  EXPECT_EQ(found.authentication, (std::vector<std::string>{"PLAIN", "LOGIN"}));
  // The first line is the server's name.
  EXPECT_FALSE(extensions_of(read("250-STARTTLS\r\n250 SIZE\r\n").reply).starttls);
  EXPECT_EQ(extensions_of(read("250-mx\r\n250 AUTH=PLAIN\r\n").reply).authentication,
            std::vector<std::string>{"PLAIN"});
  EXPECT_FALSE(extensions_of(read("250-mx\r\n250 XSTARTTLS\r\n").reply).starttls);
}

}  // namespace
}  // namespace connectord::smtp
