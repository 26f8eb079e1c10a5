#pragma once

#include <atomic>

namespace connectord::api {

// One of the answers that take long and are under way. Only so many are at a time: workers must be left for others.
class Turn {
 public:
  Turn(std::atomic<int>& count, int most) : count_(count), granted_(count.fetch_add(1) < most) {}
  ~Turn() { count_.fetch_sub(1); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool granted() const { return granted_; }

 private:
  std::atomic<int>& count_;
  bool granted_;
};

}  // namespace connectord::api
