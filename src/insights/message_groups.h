#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "connectord/net/address_domain.h"
#include "connectord/trace/search.h"

namespace connectord::insights {

inline constexpr std::size_t max_examples = 3;
inline constexpr std::size_t most_of_a_kind = 5;

// Normalized; empty where there is none.
inline std::string domain_of(const std::string& address) {
  return net::domain_of_address(address).value_or("");
}

inline bool is_accepted(const trace::Message& message) {
  return message.action == model::Action::accept || message.action == model::Action::quarantine;
}

inline bool is_from_outside(const trace::Message& message) {
  return message.direction == trace::Direction::inbound && message.sasl_username.empty();
}

// Messages that have something in common, each once.
class Group {
 public:
  void add(const trace::Row& row) {
    if (!seen_.insert(row.message->id).second) return;
    if (examples_.size() < max_examples) examples_.push_back(std::to_string(row.id));
  }
  std::size_t size() const { return seen_.size(); }
  const std::vector<std::string>& examples() const { return examples_; }

 private:
  std::set<std::int64_t> seen_;
  std::vector<std::string> examples_;
};
using Groups = std::map<std::string, Group>;

// The largest that are large enough.
inline std::vector<const Groups::value_type*> largest(const Groups& groups, std::size_t least) {
  std::vector<const Groups::value_type*> list;
  for (const auto& group : groups) {
    if (group.second.size() >= least) list.push_back(&group);
  }
  std::stable_sort(list.begin(), list.end(), [](auto* a, auto* b) { return a->second.size() > b->second.size(); });
  if (list.size() > most_of_a_kind) list.resize(most_of_a_kind);
  return list;
}

}  // namespace connectord::insights
