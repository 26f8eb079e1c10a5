#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "connectord/dns/answer.h"

namespace connectord::dns {

// The one way to DNS, so that tests bring their own zones. Thread-safe.
class Resolver {
 public:
  using Callback = std::function<void(std::shared_ptr<const Answer>)>;

  virtual ~Resolver() = default;
  // Calls back exactly once: at once where the answer is known, otherwise on a thread of the resolver's within the
  // limit of one lookup. The callback must be short and must not block. `share` is for whom is asked: each share has a
  // bounded number of lookups under way, the empty one, which is our own, only the bound of all.
  virtual void resolve(const Question& question, const std::string& share, Callback callback) = 0;
  void resolve(const Question& question, Callback callback) { resolve(question, {}, std::move(callback)); }
};

}  // namespace connectord::dns
