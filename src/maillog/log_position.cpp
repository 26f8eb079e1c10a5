#include "log_position.h"

#include <charconv>

#include "connectord/maillog/text_cursor.h"

namespace connectord::maillog {

std::string format_position(const LogPosition& position) {
  std::string fingerprint(16, '0');
  const auto end = std::to_chars(fingerprint.data(), fingerprint.data() + fingerprint.size(), position.fingerprint, 16);
  fingerprint.resize(static_cast<std::size_t>(end.ptr - fingerprint.data()));
  return "file " + std::to_string(position.device) + " " + std::to_string(position.inode) + " " +
         std::to_string(position.offset) + " " + fingerprint + (position.within_long_line ? " 1" : " 0");
}

std::optional<LogPosition> parse_position(std::string_view text) {
  TextCursor cursor(text);
  if (!cursor.take("file ")) return std::nullopt;
  LogPosition position;
  for (auto* part : {&position.device, &position.inode, &position.offset}) {
    const auto number = cursor.number<std::uint64_t>();
    if (!number || !cursor.take(" ")) return std::nullopt;
    *part = *number;
  }
  const auto hex = cursor.until(" ");
  if (!hex || hex->empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(hex->data(), hex->data() + hex->size(), position.fingerprint, 16);
  if (error != std::errc() || end != hex->data() + hex->size()) return std::nullopt;
  if (cursor.rest() != "0" && cursor.rest() != "1") return std::nullopt;
  position.within_long_line = cursor.rest() == "1";
  return position;
}

}  // namespace connectord::maillog
