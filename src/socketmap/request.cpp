#include "request.h"

#include <algorithm>

#include "connectord/base/text.h"

namespace connectord::socketmap {
namespace {

tl::unexpected<std::string> wrong(std::string what) {
  return tl::unexpected(std::move(what));
}

}  // namespace

tl::expected<std::optional<Netstring>, std::string> read_netstring(std::string_view bytes, std::size_t longest) {
  std::size_t length = 0;
  std::size_t i = 0;
  for (; i < bytes.size() && base::is_digit(bytes[i]); ++i) {
    // One way to write each number, so that zeros without end are no length.
    if (i == 1 && bytes[0] == '0') return wrong("a length that begins with 0");
    length = length * 10 + static_cast<std::size_t>(bytes[i] - '0');
    if (length > longest) return wrong("a request that is too long");
  }
  if (i == bytes.size()) return std::nullopt;
  if (i == 0 || bytes[i] != ':') return wrong("no netstring");
  const std::string_view rest = bytes.substr(i + 1);
  if (rest.size() <= length) return std::nullopt;
  if (rest[length] != ',') return wrong("a netstring without its comma");
  return Netstring{rest.substr(0, length), i + length + 2};
}

std::string to_netstring(std::string_view content) {
  std::string text = std::to_string(content.size());
  text.reserve(text.size() + content.size() + 2);
  return text.append(":").append(content).append(",");
}

std::optional<Request> parse_request(std::string_view content) {
  const auto space = content.find(' ');
  if (space == 0 || space == std::string_view::npos) return std::nullopt;
  return Request{content.substr(0, space), content.substr(space + 1)};
}

}  // namespace connectord::socketmap
