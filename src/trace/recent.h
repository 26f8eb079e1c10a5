#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

namespace connectord::trace {

// What was learned last about some names; the oldest is forgotten when there are too many.
template <typename Value>
class Recent {
 public:
  explicit Recent(std::size_t max) : max_(max) {}

  Value* find(const std::string& key) {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : &found->second;
  }

  Value& set(const std::string& key, Value value) {
    const auto [place, is_new] = values_.insert_or_assign(key, std::move(value));
    if (is_new) order_.push_back(key);
    if (order_.size() > max_) {
      values_.erase(order_.front());
      order_.pop_front();
    }
    return place->second;
  }

 private:
  std::size_t max_;
  std::unordered_map<std::string, Value> values_;
  std::deque<std::string> order_;
};

}  // namespace connectord::trace
