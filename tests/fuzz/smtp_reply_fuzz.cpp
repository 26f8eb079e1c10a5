#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "connectord/smtp/smtp_reply.h"

namespace {

using connectord::smtp::SmtpReplyReader;

struct Result {
  SmtpReplyReader reader;
  SmtpReplyReader::State state = SmtpReplyReader::State::more;
  std::size_t used = 0;
};

Result read(std::string_view text, std::size_t piece) {
  Result result;
  while (result.used < text.size() && result.state == SmtpReplyReader::State::more) {
    std::size_t used = 0;
    result.state = result.reader.read(text.substr(result.used, piece), used);
    result.used += used;
  }
  return result;
}

}  // namespace

// Whatever a server says, in pieces of any size.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result whole = read(text, size);
  const Result pieces = read(text, 3);
  // How the network cuts it up changes nothing.
  if (whole.state != pieces.state) __builtin_trap();
  if (whole.state != SmtpReplyReader::State::complete) return 0;
  if (whole.used != pieces.used || whole.reader.reply().lines != pieces.reader.reply().lines) __builtin_trap();
  const auto& reply = whole.reader.reply();
  if (reply.code < 200 || reply.code > 599 || reply.lines.empty()) __builtin_trap();
  if (reply.lines.size() > SmtpReplyReader::max_lines) __builtin_trap();
  for (const char c : reply.to_string()) {
    if (c < ' ' || c > '~') __builtin_trap();
  }
  connectord::smtp::extensions_of(reply);
  return 0;
}
