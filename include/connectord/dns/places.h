#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace connectord::dns {

// How many questions to DNS may be under way for each share of the mail, so that nobody whose servers are silent takes
// up all lookups that the resolver has room for. Thread-safe.
class Places {
 public:
  // A place for one question, given back when its last copy ends.
  using Place = std::shared_ptr<const void>;

  explicit Places(std::size_t most_of_share = 1024);

  // nullptr where the share has no more. A place may outlive the places.
  Place take(const std::string& share);

 private:
  class Count;
  std::shared_ptr<Count> count_;
};

}  // namespace connectord::dns
