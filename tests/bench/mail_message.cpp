#include "mail_message.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace connectord::bench {
namespace {

constexpr std::string_view crlf = "\r\n";

std::string with_crlf(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  char before = '\0';
  for (const char c : text) {
    if (c == '\n' && before != '\r') result += '\r';
    result += c;
    before = c;
  }
  return result;
}

// A field's end is a line end that no white space follows (RFC 5322, 2.2.3).
std::size_t end_of_field(std::string_view text) {
  std::size_t end = text.find(crlf);
  while (end != std::string_view::npos && end + crlf.size() < text.size() &&
         (text[end + crlf.size()] == ' ' || text[end + crlf.size()] == '\t')) {
    end = text.find(crlf, end + crlf.size());
  }
  return std::min(end, text.size());
}

// The milter protocol has a line feed alone where a value is folded.
std::string without_carriage_returns(std::string_view value) {
  std::string result(value);
  std::erase(result, '\r');
  return result;
}

}  // namespace

MailMessage made_message(std::string_view domain, std::size_t headers, std::size_t body_size) {
  MailMessage message;
  message.headers = {{"From", " Ann <ann@" + std::string(domain) + ">"},
                     {"To", " Bob <bob@example.net>"},
                     {"Subject", " Figures of the week"},
                     {"Date", " Mon, 6 Jan 2025 10:00:00 +0000"},
                     {"Message-ID", " <20250106100000.1@partner.example>"},
                     {"MIME-Version", " 1.0"},
                     {"Content-Type", " text/plain; charset=utf-8"}};
  while (message.headers.size() < headers) {
    message.headers.insert(message.headers.begin(),
                           {"Received",
                            " from relay.partner.example (relay.partner.example [203.0.113.9])\n\tby "
                            "mail.partner.example (Postfix) with ESMTPS id 4YRd2k1xz\n\tfor <bob@example.net>; Mon, "
                            "6 Jan 2025 10:00:00 +0000 (UTC)"});
  }
  message.headers.resize(headers);
  constexpr std::string_view line = "The quick brown fox jumps over the lazy dog, and does so again and again.\r\n";
  while (message.body.size() + crlf.size() < body_size) {
    message.body += line.substr(0, body_size - crlf.size() - message.body.size());
  }
  message.body += crlf;
  return message;
}

tl::expected<MailMessage, std::string> read_message(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return tl::unexpected("cannot read " + file);
  const std::string content = with_crlf(std::string(std::istreambuf_iterator<char>(stream), {}));
  std::string_view rest = content;
  MailMessage message;
  while (!rest.empty() && !rest.starts_with(crlf)) {
    const std::string_view field = rest.substr(0, end_of_field(rest));
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos) return tl::unexpected(file + ": a header field without a colon");
    message.headers.emplace_back(field.substr(0, colon), without_carriage_returns(field.substr(colon + 1)));
    rest.remove_prefix(std::min(field.size() + crlf.size(), rest.size()));
  }
  if (!rest.empty()) rest.remove_prefix(crlf.size());
  message.body = rest;
  return message;
}

}  // namespace connectord::bench
