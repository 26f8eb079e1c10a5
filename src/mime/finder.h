#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace connectord::mime {

// Looks for some bytes in a stream, in time that grows with the stream alone (Knuth, Morris, Pratt). Never finds
// nothing.
class Finder {
 public:
  explicit Finder(std::string sought) : sought_(std::move(sought)), fall_back_(sought_.size() + 1, 0) {
    for (std::size_t i = 1, matched = 0; i < sought_.size(); ++i) {
      while (matched > 0 && sought_[i] != sought_[matched]) matched = fall_back_[matched];
      if (sought_[i] == sought_[matched]) ++matched;
      fall_back_[i + 1] = matched;
    }
  }

  void update(std::string_view bytes) {
    if (sought_.empty()) return;
    while (!bytes.empty() && !found_) {
      // Mostly nothing has begun.
      if (matched_ == 0) bytes.remove_prefix(std::min(bytes.find(sought_.front()), bytes.size()));
      if (bytes.empty()) return;
      match(bytes.front());
      bytes.remove_prefix(1);
    }
  }

  bool found() const { return found_; }

 private:
  void match(char c) {
    while (matched_ > 0 && c != sought_[matched_]) matched_ = fall_back_[matched_];
    if (c == sought_[matched_]) ++matched_;
    found_ = matched_ == sought_.size();
  }

  std::string sought_;
  std::vector<std::size_t> fall_back_;
  std::size_t matched_ = 0;
  bool found_ = false;
};

}  // namespace connectord::mime
