#include "plain_lines.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace connectord::mime {
namespace {

// GCC's and Clang's vectors: on each processor what it has for many bytes at once.
using Lanes = signed char __attribute__((vector_size(16)));
constexpr std::size_t lanes = sizeof(Lanes);

Lanes load(const char* at) {
  Lanes bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

// Not 0 where a byte and the next one are no part of plain lines; of so many bytes and one more.
Lanes marks(const char* at) {
  const Lanes bytes = load(at);
  const Lanes next = load(at + 1);
  const Lanes bare = (bytes == '\r') ^ (next == '\n');
  const Lanes hyphen = (bytes == '\n') & (next == '-');
  return bare | hyphen;
}

bool any(Lanes bytes) {
  std::array<std::uint64_t, 2> words{};
  std::memcpy(words.data(), &bytes, sizeof bytes);
  return (words[0] | words[1]) != 0;
}

bool is_marked(std::string_view text, std::size_t at) {
  const bool is_bare = (text[at] == '\r') != (text[at + 1] == '\n');
  return is_bare || (text[at] == '\n' && text[at + 1] == '-');
}

// Where the first byte is that is marked, or the last byte of all.
std::size_t first_mark(std::string_view text) {
  const char* bytes = text.data();
  std::size_t at = 0;
  for (; at + 4 * lanes < text.size(); at += 4 * lanes) {
    const char* group = bytes + at;
    if (any(marks(group) | marks(group + lanes) | marks(group + 2 * lanes) | marks(group + 3 * lanes))) break;
  }
  while (at + lanes < text.size() && !any(marks(bytes + at))) at += lanes;
  while (at + 1 < text.size() && !is_marked(text, at)) ++at;
  return at;
}

}  // namespace

std::size_t plain_lines_length(std::string_view text) {
  if (text.empty() || text.front() == '-' || text.front() == '\n') return 0;
  return text.rfind('\n', first_mark(text)) + 1;
}

}  // namespace connectord::mime
