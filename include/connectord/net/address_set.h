#pragma once

#include <vector>

#include "connectord/net/ip_address.h"

namespace connectord::net {

// The addresses of many ranges together. Whether one is among them costs a binary search, however many ranges there
// are. Built once, then read only and thread-safe.
class AddressSet {
 public:
  AddressSet() = default;
  explicit AddressSet(const std::vector<AddressRange>& ranges);

  // As AddressRange::contains() of any of the ranges.
  bool contains(const IpAddress& address) const;

 private:
  struct Span {
    IpAddress first;
    IpAddress last;
  };

  std::vector<Span> spans_;  // in order, and without overlaps
};

}  // namespace connectord::net
