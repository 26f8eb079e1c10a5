#include "list_file.h"

#include <algorithm>

namespace connectord::config {
namespace {

std::string_view content_of(std::string_view line) {
  constexpr std::string_view space = " \t\r";
  line = line.substr(0, line.find('#'));
  const auto first = line.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(space) - first + 1);
}

}  // namespace

void for_each_line(std::string_view text,
                   const std::function<bool(std::string_view, std::uint32_t, std::uint32_t)>& visit) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string_view content = content_of(line);
    if (content.empty()) continue;
    if (!visit(content, number, static_cast<std::uint32_t>(content.data() - line.data() + 1))) return;
  }
}

}  // namespace connectord::config
