#include "connectord/dns/places.h"

#include <map>
#include <mutex>

namespace connectord::dns {

class Places::Count {
 public:
  explicit Count(std::size_t most) : most_(most) {}

  bool add(const std::string& share) {
    const std::lock_guard lock(mutex_);
    if (most_ == 0) return false;
    std::size_t& taken = taken_[share];
    if (taken >= most_) return false;
    ++taken;
    return true;
  }

  void remove(const std::string& share) {
    const std::lock_guard lock(mutex_);
    const auto found = taken_.find(share);
    if (--found->second == 0) taken_.erase(found);
  }

 private:
  const std::size_t most_;
  std::mutex mutex_;
  std::map<std::string, std::size_t> taken_;  // of shares that have some
};

Places::Places(std::size_t most_of_share) : count_(std::make_shared<Count>(most_of_share)) {}

Places::Place Places::take(const std::string& share) {
  if (!count_->add(share)) return nullptr;
  return Place(count_.get(), [count = count_, share](const void*) { count->remove(share); });
}

}  // namespace connectord::dns
