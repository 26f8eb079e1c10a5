#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <utility>

#include "connectord/base/mutex.h"
#include "connectord/dns/answer.h"

namespace connectord::dns {

struct CacheLimits {
  std::size_t entries = 100'000;                 // 0 keeps nothing
  std::size_t bytes = 64U << 20U;                // an estimate of what entries take
  std::chrono::seconds shortest_ttl{5};          // what every answer is kept for; spares servers of names with TTL 0
  std::chrono::seconds max_ttl{86'400};          // RFC 8767, section 4, advises days at the most
  std::chrono::seconds max_negative_ttl{3'600};  // RFC 2308, section 5: one to three hours
  std::chrono::seconds failure_ttl{
      5};  // RFC 9520, 3.2: at least a second, so that dead names are not asked at once again
};

// Answers by question, positive and negative, bounded in number and memory; the least recently used go first. An
// ordered map, because senders choose the names: no choice of names makes it slower than the logarithm of its size.
// Thread-safe. The caller brings the time.
class Cache {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Cache(const CacheLimits& limits) : limits_(limits) {}

  // nullptr where nothing is known, or no longer.
  std::shared_ptr<const Answer> find(const Question& question, Time now);
  void insert(const Question& question, std::shared_ptr<const Answer> answer, Time now);
  std::size_t size() const;

 private:
  struct Entry {
    Question question;
    std::shared_ptr<const Answer> answer;
    Time expires;
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;

  std::chrono::seconds lifetime(const Answer& answer) const;
  void erase(Entries::iterator entry) REQUIRES(mutex_);

  const CacheLimits limits_;
  mutable base::Mutex mutex_;
  Entries entries_ GUARDED_BY(mutex_);  // the most recently used first
  std::map<Question, Entries::iterator> index_ GUARDED_BY(mutex_);
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace connectord::dns
