#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>

#include "connectord/base/ascii_case.h"
#include "wire.h"

namespace connectord::dns {

// Reads a message from front to back. Past the end, or on nonsense, it turns bad and yields zeros.
class WireReader {
 public:
  explicit WireReader(std::span<const std::uint8_t> message, std::size_t at = 0) : message_(message), at_(at) {}

  bool good() const { return good_; }
  std::size_t position() const { return at_; }

  std::uint8_t u8() { return good_ && at_ < message_.size() ? message_[at_++] : fail(); }
  std::uint16_t u16() {
    const unsigned high = u8();
    return static_cast<std::uint16_t>(high << 8U | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16U | u16();
  }
  std::span<const std::uint8_t> bytes(std::size_t count) {
    if (!good_ || count > message_.size() - at_) {
      fail();
      return {};
    }
    at_ += count;
    return message_.subspan(at_ - count, count);
  }
  // Where the name that comes next stands, if it is a pointer and nothing else; it is not read.
  std::optional<std::size_t> pointer() const {
    if (!good_ || at_ + 2 > message_.size() || (message_[at_] & 0xc0U) != 0xc0U) return std::nullopt;
    return (message_[at_] & 0x3fU) << 8U | message_[at_ + 1];
  }
  // A name, with its compression (RFC 1035, 4.1.4). A pointer leads backwards only, so that reading ends.
  WireName name() {
    WireName name;
    std::size_t at = at_;
    std::size_t lowest = at_;
    bool jumped = false;
    while (good_) {
      if (at >= message_.size()) break;
      const unsigned length = message_[at];
      if ((length & 0xc0U) == 0xc0U) {
        if (at + 1 >= message_.size()) break;
        const std::size_t target = (length & 0x3fU) << 8U | message_[at + 1];
        if (!jumped) at_ = at + 2;
        jumped = true;
        if (target >= lowest) break;
        lowest = at = target;
        continue;
      }
      if (length > 63 || at + 1 + length > message_.size() || name.size() + 1 + length > max_name_length) break;
      name += static_cast<char>(length);
      std::transform(&message_[at] + 1, &message_[at] + 1 + length, std::back_inserter(name),
                     [](std::uint8_t byte) { return base::to_lower(static_cast<char>(byte)); });
      at += 1 + length;
      if (length != 0) continue;
      if (!jumped) at_ = at;
      return name;
    }
    fail();
    return {};
  }

 private:
  static constexpr std::size_t max_name_length = 255;  // RFC 1035, 2.3.4

  std::uint8_t fail() {
    good_ = false;
    return 0;
  }

  std::span<const std::uint8_t> message_;
  std::size_t at_;
  bool good_ = true;
};

}  // namespace connectord::dns
