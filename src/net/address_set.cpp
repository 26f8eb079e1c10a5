#include "connectord/net/address_set.h"

#include <algorithm>

namespace connectord::net {

AddressSet::AddressSet(const std::vector<AddressRange>& ranges) {
  spans_.reserve(ranges.size());
  for (const AddressRange& range : ranges) spans_.push_back({range.first(), range.last()});
  std::sort(spans_.begin(), spans_.end(), [](const Span& a, const Span& b) { return a.first < b.first; });
  // Both ends of a range are of one family, by which addresses are ordered first, so no span reaches into the other.
  std::size_t used = 0;
  for (const Span& span : spans_) {
    if (used > 0 && span.first <= spans_[used - 1].last) {
      spans_[used - 1].last = std::max(spans_[used - 1].last, span.last);
    } else {
      spans_[used++] = span;
    }
  }
  spans_.resize(used);
}

bool AddressSet::contains(const IpAddress& address) const {
  const auto behind = std::upper_bound(spans_.begin(), spans_.end(), address,
                                       [](const IpAddress& each, const Span& span) { return each < span.first; });
  return behind != spans_.begin() && address <= std::prev(behind)->last;
}

}  // namespace connectord::net
