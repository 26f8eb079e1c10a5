#include "connectord/smtp/smtp_client.h"

#include <algorithm>
#include <array>

#include "connectord/base/text.h"

namespace connectord::smtp {

SmtpClient::Answered SmtpClient::read_reply(Deadline deadline) {
  constexpr std::size_t piece = 4096;
  SmtpReplyReader reader;
  for (;;) {
    std::size_t used = 0;
    const auto state = reader.read(unread_, used);
    unread_.erase(0, used);
    if (state == SmtpReplyReader::State::complete) return reader.reply();
    if (state == SmtpReplyReader::State::malformed) {
      return tl::unexpected(Failure{Failure::Kind::other, std::string(reader.problem())});
    }
    std::array<char, piece> buffer{};
    const auto size = connection_->read(buffer, deadline);
    if (!size) return tl::unexpected(size.error());
    unread_.append(buffer.data(), *size);
  }
}

SmtpClient::Answered SmtpClient::command(std::string_view line, Deadline deadline) {
  if (auto sent = connection_->write(std::string(line) + "\r\n", deadline); !sent) return tl::unexpected(sent.error());
  return read_reply(deadline);
}

tl::expected<TlsSession, Failure> SmtpClient::start_tls(const TlsWish& wish, Deadline deadline) {
  if (!unread_.empty()) {
    return tl::unexpected(Failure{Failure::Kind::tls, "more came in the clear after the reply to STARTTLS"});
  }
  return connection_->start_tls(wish, deadline);
}

SmtpClient::Answered SmtpClient::content(std::string_view message, Deadline deadline) {
  std::string stuffed;
  bool begins_line = true;
  for (const char c : message) {
    if (begins_line && c == '.') stuffed += '.';
    stuffed += c;
    begins_line = c == '\n';
  }
  stuffed += begins_line ? ".\r\n" : "\r\n.\r\n";
  if (auto sent = connection_->write(stuffed, deadline); !sent) return tl::unexpected(sent.error());
  return read_reply(deadline);
}

std::string duration_text(std::chrono::milliseconds duration) {
  constexpr std::int64_t second = 1000;
  if (duration.count() < second) return std::to_string(duration.count()) + " ms";
  const auto tenths = duration.count() / (second / 10);
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text + " s";
}

std::string words_of(const Failure& failure, std::chrono::milliseconds limit) {
  if (failure.kind == Failure::Kind::timed_out) return "no answer within " + duration_text(limit);
  return base::printable(failure.words, 200);
}

bool is_plain_address(std::string_view address) {
  constexpr std::size_t longest = 254;  // RFC 5321, 4.5.3.1.3, less the angle brackets
  const auto at = address.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == address.size() || address.size() > longest) return false;
  return std::all_of(address.begin(), address.end(), [](char c) {
    return c > ' ' && base::is_ascii(c) && !base::is_control(c) && c != '<' && c != '>';
  });
}

}  // namespace connectord::smtp
