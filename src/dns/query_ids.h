#pragma once

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

namespace connectord::dns {

// Ids that nobody outside can predict (RFC 5452, 9.2).
class QueryIds {
 public:
  std::uint16_t next() {
    if (used_ == ids_.size()) refill();
    return ids_[used_++];
  }

 private:
  void refill() {
    used_ = 0;
    if (::getrandom(ids_.data(), sizeof ids_, 0) == static_cast<ssize_t>(sizeof ids_)) return;
    std::generate(ids_.begin(), ids_.end(), [this] { return static_cast<std::uint16_t>(device_()); });
  }

  std::array<std::uint16_t, 64> ids_{};  // 128 bytes, which getrandom gives in one piece
  std::size_t used_ = ids_.size();
  std::random_device device_;
};

}  // namespace connectord::dns
