#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace connectord::smtp {

// A reply of an SMTP server (RFC 5321, 4.2): lines without their code, whose bytes are the server's own.
struct SmtpReply {
  int code = 0;
  std::vector<std::string> lines;

  bool is_positive() const { return code >= 200 && code < 400; }
  bool is_transient() const { return code >= 400 && code < 500; }
  // "250 mx.contoso.com Hello", the lines joined and made printable, cut off where it becomes long.
  std::string to_string() const;
};

// Reads one reply out of the bytes of a connection, in pieces of any size. Bounded: a server cannot make it keep more
// than `max_lines` of `max_line_length` each.
class SmtpReplyReader {
 public:
  static constexpr std::size_t max_line_length = 2048;  // RFC 5321, 4.5.3.1.5, has 512; some servers are talkative
  static constexpr std::size_t max_lines = 100;

  enum class State { more, complete, malformed };

  // Takes bytes up to the reply's end; `used` is set to how many. Bytes after the end belong to what comes next.
  State read(std::string_view bytes, std::size_t& used);
  const SmtpReply& reply() const { return reply_; }
  // What is wrong with it, where it is malformed.
  std::string_view problem() const { return problem_; }

 private:
  State take_line();
  State fail(std::string_view why);

  SmtpReply reply_;
  std::string line_;
  std::string_view problem_;
};

// What a server offers in its reply to EHLO (RFC 5321, 4.1.1.1).
struct Extensions {
  bool starttls = false;
  bool eight_bit_mime = false;              // RFC 6152
  bool delivery_status = false;             // RFC 3461
  std::vector<std::string> authentication;  // mechanisms, in upper case
};
Extensions extensions_of(const SmtpReply& ehlo);

// True if it is Sendmail that answers EHLO so: ", pleased to meet you" stands in its source, not in its configuration.
bool is_sendmail(const SmtpReply& ehlo);

}  // namespace connectord::smtp
