#pragma once

#include <cstddef>
#include <iterator>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace connectord::base {

// Values by a name, bounded in number: the least recently used go first. An ordered map, because strangers choose the
// names: no choice of names makes it slower than the logarithm of its size. Not thread-safe.
template <class Value>
class RecentMap {
 public:
  explicit RecentMap(std::size_t most) : most_(most) {}

  // Counts as a use. nullptr where there is none. Valid until it is removed.
  Value* find(std::string_view name) {
    const auto found = index_.find(name);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
  }

  // The value of that name, made where there is none.
  Value& at(std::string_view name) {
    if (Value* known = find(name)) return *known;
    entries_.emplace_front(std::string(name), Value());
    index_.emplace(entries_.front().first, entries_.begin());
    if (entries_.size() > most_) remove(std::prev(entries_.end()));
    return entries_.front().second;
  }

  void remove(std::string_view name) {
    if (const auto found = index_.find(name); found != index_.end()) remove(found->second);
  }

  std::size_t size() const { return entries_.size(); }
  std::size_t most() const { return most_; }

  // The least recently used one; nullptr where there is none.
  const Value* oldest() const { return entries_.empty() ? nullptr : &entries_.back().second; }
  void remove_oldest() {
    if (!entries_.empty()) remove(std::prev(entries_.end()));
  }

  // From the most recently used to the least; visiting is no use.
  template <class Visit>
  void visit(Visit&& visit) const {
    for (const auto& [name, value] : entries_) visit(name, value);
  }

 private:
  using Entries = std::list<std::pair<std::string, Value>>;

  void remove(typename Entries::iterator entry) {
    index_.erase(entry->first);
    entries_.erase(entry);
  }

  const std::size_t most_;
  Entries entries_;
  std::map<std::string_view, typename Entries::iterator> index_;  // by the names in the entries
};

}  // namespace connectord::base
