#include "connectord/reporting/collection.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace connectord::reporting {
namespace {

// What a key costs beside its bytes: the node, its share of the table, what malloc adds.
constexpr std::size_t cost_of_key = 80;
constexpr std::size_t cost_of_domain = 300;

std::size_t cost_of(std::string_view key) {
  return key.size() + cost_of_key;
}

}  // namespace

Collection::Collection(std::string after, std::function<bool(const std::string&)> wanted, std::size_t max_bytes)
    : after_(std::move(after)), wanted_(std::move(wanted)), max_bytes_(max_bytes) {}

bool Collection::takes(std::string_view domain) {
  if (!after_.empty() && domain <= after_) return false;
  if (is_cut_ && domain > last_) return false;
  if (domains_.find(domain) != domains_.end()) return true;
  constexpr std::size_t max_known = 100'000;
  if (known_.size() >= max_known) known_.clear();
  const auto [known, is_new] = known_.try_emplace(std::string(domain), false);
  if (is_new) known->second = wanted_(known->first);
  return known->second;
}

void Collection::add(const trace::DmarcRow& row) {
  if (!takes(row.policy_domain)) return;
  auto found = domains_.find(row.policy_domain);
  if (found == domains_.end()) {
    found = domains_.emplace(row.policy_domain, Domain{}).first;
    bytes_ += cost_of_domain + row.policy_domain.size();
  }
  Domain& domain = found->second;
  const auto [count, is_new] = domain.counts.try_emplace(std::string(row.key), 0);
  ++count->second;
  if (row.time >= domain.newest) {
    domain.newest = row.time;
    domain.newest_key = row.key;
  }
  if (!is_new) return;
  bytes_ += cost_of(row.key);
  if (bytes_ > max_bytes_) make_room();
}

// The last domains of the order wait for the next pass; the first one never does, or nothing would be done.
void Collection::make_room() {
  const std::size_t enough = max_bytes_ - max_bytes_ / 4;
  while (bytes_ > enough && domains_.size() > 1) {
    const auto last = std::prev(domains_.end());
    std::size_t freed = cost_of_domain + last->first.size();
    for (const auto& [key, count] : last->second.counts) freed += cost_of(key);
    domains_.erase(last);
    bytes_ -= std::min(bytes_, freed);
    is_cut_ = true;
    last_ = domains_.rbegin()->first;
  }
}

}  // namespace connectord::reporting
