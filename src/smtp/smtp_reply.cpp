#include "connectord/smtp/smtp_reply.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"

namespace connectord::smtp {
namespace {

constexpr std::size_t code_size = 3;
constexpr std::size_t max_mechanisms = 30;

// RFC 5321, 4.2: the first digit is 2 to 5.
int code_of(std::string_view line) {
  if (line.size() < code_size || line[0] < '2' || line[0] > '5') return 0;
  if (!std::all_of(line.begin(), line.begin() + code_size, base::is_digit)) return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

// The next word of a line, in upper case as keywords are compared; the rest stays in `text`.
std::string next_word(std::string_view& text) {
  text = base::trimmed(text);
  const auto end = std::min(text.find_first_of(" \t="), text.size());
  std::string word(text.substr(0, end));
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

}  // namespace

std::string SmtpReply::to_string() const {
  constexpr std::size_t limit = 300;
  std::string text = std::to_string(code);
  for (const std::string& line : lines) text += " " + base::printable(line, limit);
  return base::printable(text, limit);
}

SmtpReplyReader::State SmtpReplyReader::read(std::string_view bytes, std::size_t& used) {
  used = 0;
  while (used < bytes.size()) {
    const auto end = bytes.find('\n', used);
    const auto piece = bytes.substr(used, end == std::string_view::npos ? end : end - used);
    used += piece.size();
    if (line_.size() + piece.size() > max_line_length) return fail("a line of the reply is too long");
    line_ += piece;
    if (end == std::string_view::npos) return State::more;
    ++used;
    if (const State state = take_line(); state != State::more) return state;
  }
  return State::more;
}

SmtpReplyReader::State SmtpReplyReader::take_line() {
  if (line_.ends_with('\r')) line_.pop_back();
  const int code = code_of(line_);
  if (code == 0) return fail("not a reply of SMTP");
  if (reply_.code != 0 && code != reply_.code) return fail("the lines of the reply have several codes");
  const bool goes_on = line_.size() > code_size && line_[code_size] == '-';
  if (line_.size() > code_size && !goes_on && line_[code_size] != ' ') return fail("not a reply of SMTP");
  if (reply_.lines.size() == max_lines) return fail("the reply has too many lines");
  reply_.code = code;
  reply_.lines.push_back(line_.substr(std::min(line_.size(), code_size + 1)));
  line_.clear();
  return goes_on ? State::more : State::complete;
}

SmtpReplyReader::State SmtpReplyReader::fail(std::string_view why) {
  problem_ = why;
  return State::malformed;
}

Extensions extensions_of(const SmtpReply& ehlo) {
  Extensions found;
  for (std::size_t i = 1; i < ehlo.lines.size(); ++i) {
    std::string_view rest = ehlo.lines[i];
    const std::string keyword = next_word(rest);
    if (keyword == "STARTTLS") found.starttls = true;
    if (keyword == "8BITMIME") found.eight_bit_mime = true;
    if (keyword == "DSN") found.delivery_status = true;
    if (keyword != "AUTH") continue;
    // "AUTH=PLAIN", as some old servers write it, is read too.
    while (!base::trimmed(rest).empty() && found.authentication.size() < max_mechanisms) {
      std::string mechanism = next_word(rest);
      if (!mechanism.empty()) found.authentication.push_back(std::move(mechanism));
    }
  }
  return found;
}

bool is_sendmail(const SmtpReply& ehlo) {
  return !ehlo.lines.empty() && ehlo.lines.front().find(", pleased to meet you") != std::string::npos;
}

}  // namespace connectord::smtp
