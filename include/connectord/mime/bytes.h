#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace connectord::mime {

// Offsets in bytes, the end not included.
struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  std::uint64_t size() const { return end - begin; }
  bool empty() const { return begin == end; }
  bool operator==(const Range&) const = default;
};

// Where the bytes of a message's body are kept: in memory, or in a file behind it. Not thread-safe unless an
// implementation says so.
class Bytes {
 public:
  virtual ~Bytes() = default;
  virtual std::uint64_t size() const = 0;
  // Some bytes from `offset` on, at least one where `offset` is below the size; none means that they cannot be read.
  // Valid until the next call.
  virtual std::string_view from(std::uint64_t offset) const = 0;
};

// Bytes that somebody else keeps in one piece. Thread-safe.
class MemoryBytes final : public Bytes {
 public:
  explicit MemoryBytes(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  std::string_view from(std::uint64_t offset) const override {
    return bytes_.substr(std::min<std::size_t>(offset, bytes_.size()));
  }

 private:
  std::string_view bytes_;
};

// Calls `visit` with each piece of the range in turn, of 64 KiB at most, until it returns false. False if the bytes
// cannot be read.
template <typename Visit>
bool visit(const Bytes& bytes, Range range, Visit visit) {
  while (range.begin < range.end) {
    const std::string_view piece = bytes.from(range.begin).substr(0, std::min<std::uint64_t>(range.size(), 65'536));
    if (piece.empty()) return false;
    if (!visit(piece)) return true;
    range.begin += piece.size();
  }
  return true;
}

}  // namespace connectord::mime
