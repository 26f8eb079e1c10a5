#include "connectord/maillog/line_parts.h"

#include <algorithm>

#include "connectord/net/ip_address.h"

namespace connectord::maillog {
namespace {

constexpr std::size_t max_text_length = 1024;
constexpr std::size_t max_address_length = 1024;

bool is_alphanumeric(char c) {
  return base::is_alpha(c) || base::is_digit(c);
}

// The length of the quoted string that `text` begins with; 0 if it does not end.
std::size_t quoted_length(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return 0;
}

bool ends_or_blurs_address(char c) {
  return base::is_control(c) || std::string_view(" ,<>\"\\()").find(c) != std::string_view::npos;
}

// Postfix's long IDs (enable_long_queue_ids): digits and letters without vowels, the inode after a "z".
bool is_long_id(std::string_view text) {
  const bool letters = std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) && std::string_view("aeiouAEIOU").find(c) == std::string_view::npos;
  });
  return letters && text.size() >= 12 && text.size() <= 32 && text.find('z') != std::string_view::npos;
}

bool is_short_id(std::string_view text) {
  const bool hex =
      std::all_of(text.begin(), text.end(), [](char c) { return base::is_digit(c) || (c >= 'A' && c <= 'F'); });
  return hex && text.size() >= 6 && text.size() <= 24;
}

}  // namespace

std::optional<std::string> take_bracketed_address(TextCursor& cursor) {
  const std::string_view text = cursor.rest().substr(0, max_address_length + 1);
  if (text.empty() || text.front() != '<') return std::nullopt;
  std::size_t end = 1;
  if (text.size() > 1 && text[1] == '"') {
    const std::size_t quoted = quoted_length(text.substr(1));
    if (quoted == 0) return std::nullopt;
    end += quoted;
    if (end < text.size() && text[end] != '@' && text[end] != '>') return std::nullopt;
  }
  while (end < text.size() && !ends_or_blurs_address(text[end])) ++end;
  if (end >= text.size() || text[end] != '>') return std::nullopt;
  std::string address(text.substr(1, end - 1));
  if (!base::is_utf8(address)) return std::nullopt;
  cursor.take(text.substr(0, end + 1));
  return address;
}

std::optional<std::chrono::milliseconds> take_seconds(TextCursor& cursor) {
  constexpr std::uint64_t longest = 1'000'000'000;
  TextCursor attempt = cursor;
  const auto seconds = attempt.number<std::uint64_t>();
  if (!seconds || *seconds > longest) return std::nullopt;
  std::chrono::milliseconds total = std::chrono::seconds(*seconds);
  if (attempt.take(".")) {
    const auto digits = attempt.while_true(base::is_digit);
    if (digits.empty()) return std::nullopt;
    std::int64_t unit = 100;
    for (std::size_t i = 0; i < digits.size() && unit > 0; ++i, unit /= 10) {
      total += std::chrono::milliseconds((digits[i] - '0') * unit);
    }
  }
  cursor = attempt;
  return total;
}

Relay read_relay(std::string_view text) {
  Relay relay;
  if (text == "none") return relay;
  const auto open = text.find('[');
  const auto close = text.find(']', open == std::string_view::npos ? text.size() : open);
  if (close == std::string_view::npos) {
    relay.name = bounded(text);
    return relay;
  }
  relay.name = bounded(base::trimmed(text.substr(0, open)));
  relay.address = bounded(text.substr(open + 1, close - open - 1));
  TextCursor behind(text.substr(close + 1));
  if (behind.take(":")) relay.port = behind.number<std::uint16_t>().value_or(0);
  return relay;
}

std::string enhanced_status_of(std::string_view text) {
  TextCursor cursor(text);
  const std::string_view status_class = cursor.while_true(base::is_digit);
  if (status_class != "2" && status_class != "4" && status_class != "5") return "";
  for (int part = 0; part < 2; ++part) {
    if (!cursor.take(".")) return "";
    const auto digits = cursor.while_true(base::is_digit);
    if (digits.empty() || digits.size() > 3) return "";
  }
  return std::string(text.substr(0, text.size() - cursor.rest().size()));
}

bool is_postfix_queue_id(std::string_view text) {
  return is_short_id(text) || is_long_id(text);
}

bool is_sendmail_queue_id(std::string_view text) {
  return text.size() >= 12 && text.size() <= 20 && std::all_of(text.begin(), text.end(), is_alphanumeric) &&
         std::all_of(text.end() - 5, text.end(), base::is_digit);
}

std::string next_queue_id(std::string_view text) {
  for (const std::string_view mark : {"queued as ", "forwarded as "}) {
    const auto found = text.rfind(mark);
    if (found == std::string_view::npos) continue;
    TextCursor cursor(text.substr(found + mark.size()));
    const auto id = cursor.while_true(is_alphanumeric);
    if (is_postfix_queue_id(id)) return std::string(id);
  }
  return "";
}

std::string bounded(std::string_view text) {
  std::size_t length = std::min(text.size(), max_text_length);
  while (length < text.size() && length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;
  std::string kept(text.substr(0, length));
  if (!base::is_utf8(kept)) {
    std::replace_if(
        kept.begin(), kept.end(), [](char c) { return !base::is_ascii(c); }, '?');
  }
  return kept;
}

bool Relay::is_local() const {
  if (address.empty()) return !name.empty();
  if (address.find('/') != std::string::npos) return true;
  const auto ip = net::IpAddress::parse(address);
  return ip && ip->is_loopback();
}

}  // namespace connectord::maillog
