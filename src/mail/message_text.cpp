#include "connectord/mail/message_text.h"

#include <algorithm>

namespace connectord::mail {

MessageText split_message(std::string_view bytes, std::size_t max_fields) {
  MessageText message;
  while (!bytes.empty() && message.header.size() < max_fields) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    std::string_view line = bytes.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.empty()) break;
    const bool continues = line.front() == ' ' || line.front() == '\t';
    const auto colon = line.find(':');
    if (continues && !message.header.empty()) {
      message.header.back().value.append("\n").append(line);
    } else if (colon != std::string_view::npos) {
      message.header.push_back(
          {.name = std::string(line.substr(0, colon)), .value = std::string(line.substr(colon + 1))});
    }
  }
  message.body = bytes;
  return message;
}

}  // namespace connectord::mail
