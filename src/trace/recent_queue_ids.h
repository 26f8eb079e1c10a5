#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace connectord::trace {

// The newest message of each queue ID, of the messages that the search index does not have yet. To forget one costs the
// same, however many there are.
class RecentQueueIds {
 public:
  void note(std::string_view queue_id, std::int64_t message) {
    newest_.insert_or_assign(std::string(queue_id), message);
    order_.emplace_back(message, queue_id);
  }

  std::optional<std::int64_t> find(const std::string& queue_id) const {
    const auto found = newest_.find(queue_id);
    return found == newest_.end() ? std::nullopt : std::optional(found->second);
  }

  // Forgets the messages up to this row. One that was noted out of turn may stay until those before it are forgotten.
  void forget_to(std::int64_t row) {
    for (; !order_.empty() && order_.front().first <= row; order_.pop_front()) {
      const auto& [message, queue_id] = order_.front();
      const auto found = newest_.find(queue_id);
      if (found != newest_.end() && found->second == message) newest_.erase(found);
    }
  }

  void clear() {
    order_.clear();
    newest_.clear();
  }

 private:
  std::unordered_map<std::string, std::int64_t> newest_;
  std::deque<std::pair<std::int64_t, std::string>> order_;
};

}  // namespace connectord::trace
