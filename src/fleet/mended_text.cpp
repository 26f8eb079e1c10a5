#include "mended_text.h"

#include <algorithm>
#include <cstddef>

#include "connectord/base/text.h"

namespace connectord::fleet {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::size_t original_head = 5;                  // a column and a length

}  // namespace

bool is_acceptable(std::string_view text) {
  return base::is_utf8(text) && text.find('\0') == std::string_view::npos;
}

std::string mended(std::string_view text) {
  std::string made;
  made.reserve(text.size() + replacement.size());
  while (!text.empty()) {
    const std::size_t length = text.front() == '\0' ? 0 : base::utf8_length(text);
    made.append(length == 0 ? replacement : text.substr(0, length));
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return made;
}

std::string_view MendedTexts::take(std::uint8_t column, std::string_view text) {
  if (is_acceptable(text)) return text;
  const auto length = static_cast<std::uint32_t>(text.size());
  originals_ += static_cast<char>(column);
  for (const unsigned shift : {24U, 16U, 8U, 0U}) originals_ += static_cast<char>((length >> shift) & 0xffU);
  originals_ += text;
  return mended_ = mended(text);
}

std::vector<Original> read_originals(std::string_view originals) {
  std::vector<Original> read;
  while (originals.size() >= original_head) {
    std::size_t length = 0;
    for (std::size_t i = 1; i < original_head; ++i) length = length << 8U | static_cast<unsigned char>(originals[i]);
    if (length > originals.size() - original_head) break;
    read.emplace_back(static_cast<std::uint8_t>(originals[0]), originals.substr(original_head, length));
    originals.remove_prefix(original_head + length);
  }
  return read;
}

}  // namespace connectord::fleet
