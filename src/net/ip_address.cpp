#include "connectord/net/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

namespace connectord::net {
namespace {

using Bytes = IpAddress::Bytes;

constexpr Bytes v4_mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
constexpr unsigned v4_offset = 96;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string_view without_literal_marks(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  constexpr std::string_view tag = "IPv6:";
  if (text.size() > tag.size() && ::strncasecmp(text.data(), tag.data(), tag.size()) == 0)
    text.remove_prefix(tag.size());
  return text;
}

unsigned width(const IpAddress& address) {
  return address.is_v4() ? 32 : 128;
}

// The position of a prefix's end in the 128 bits that both families share.
unsigned bit_position(const IpAddress& address, unsigned length) {
  return address.is_v4() ? length + v4_offset : length;
}

Bytes clear_from(Bytes bytes, unsigned bit) {
  for (unsigned i = bit / 8; i < bytes.size(); ++i) {
    const unsigned kept = i == bit / 8 ? bit % 8 : 0;
    bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> kept));
  }
  return bytes;
}

Bytes set_from(Bytes bytes, unsigned bit) {
  for (unsigned i = bit / 8; i < bytes.size(); ++i) {
    const unsigned kept = i == bit / 8 ? bit % 8 : 0;
    bytes[i] = static_cast<std::uint8_t>(bytes[i] | (0xffU >> kept));
  }
  return bytes;
}

// False on overflow, that is behind the last address of all.
bool increment(Bytes& bytes) {
  for (auto i = bytes.rbegin(); i != bytes.rend(); ++i) {
    if (++*i != 0) return true;
  }
  return false;
}

IpAddress last_of(const Prefix& prefix) {
  return IpAddress::from_bytes(set_from(prefix.base.bytes(), bit_position(prefix.base, prefix.length)));
}

tl::expected<IpAddress, std::string> parse_or_explain(std::string_view text) {
  if (auto address = IpAddress::parse(text)) return *address;
  return tl::unexpected("\"" + std::string(text) +
                        "\" is not an IP address; write for example 203.0.113.0/24, 2001:db8:40::/48, 198.51.100.7 or "
                        "198.51.100.10-198.51.100.20");
}

tl::expected<std::pair<IpAddress, IpAddress>, std::string> parse_cidr(std::string_view text, std::size_t slash) {
  auto base = parse_or_explain(trimmed(text.substr(0, slash)));
  if (!base) return tl::unexpected(base.error());
  const std::string_view digits = trimmed(text.substr(slash + 1));
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  // An IPv4-mapped block is written with IPv6 lengths: ::ffff:203.0.113.0/120.
  const bool mapped = base->is_v4() && text.substr(0, slash).find(':') != std::string_view::npos;
  const unsigned lowest = mapped ? v4_offset : 0;
  const unsigned highest = mapped ? 128 : width(*base);
  if (error != std::errc() || end != digits.data() + digits.size() || length < lowest || length > highest) {
    return tl::unexpected("the prefix length of \"" + std::string(text) + "\" must be a number from " +
                          std::to_string(lowest) + " to " + std::to_string(highest));
  }
  const Prefix block{masked(*base, length - lowest), length - lowest};
  if (block.base != *base) {
    return tl::unexpected("\"" + std::string(text) + "\" has host bits set; the block is " + block.base.to_string() +
                          "/" + std::to_string(block.length) + ", the single address is " + base->to_string());
  }
  // ::/80 ends with ::ffff:255.255.255.255, which is an IPv4 address.
  const IpAddress last = last_of(block);
  if (last.is_v4() != block.base.is_v4()) {
    return tl::unexpected("\"" + std::string(text) +
                          "\" begins as IPv6 and ends as IPv4; write IPv4 as 203.0.113.0/24");
  }
  return std::pair{block.base, last};
}

tl::expected<std::pair<IpAddress, IpAddress>, std::string> parse_range(std::string_view text, std::size_t dash) {
  auto first = parse_or_explain(trimmed(text.substr(0, dash)));
  if (!first) return tl::unexpected(first.error());
  auto last = parse_or_explain(trimmed(text.substr(dash + 1)));
  if (!last) return tl::unexpected(last.error());
  if (first->is_v4() != last->is_v4()) {
    return tl::unexpected("\"" + std::string(text) + "\" mixes IPv4 and IPv6; write one range for each");
  }
  if (*last < *first) {
    return tl::unexpected("\"" + std::string(text) + "\" ends before it begins; write " + last->to_string() + "-" +
                          first->to_string());
  }
  return std::pair{*first, *last};
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  text = without_literal_marks(text);
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (text.empty() || text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(text.begin(), text.end(), buffer.begin());
  std::array<std::uint8_t, 4> v4{};
  if (::inet_pton(AF_INET, buffer.data(), v4.data()) == 1) return from_v4(v4);
  Bytes v6{};
  if (::inet_pton(AF_INET6, buffer.data(), v6.data()) == 1) return from_bytes(v6);
  return std::nullopt;
}

IpAddress IpAddress::from_v4(std::array<std::uint8_t, 4> bytes) {
  Bytes mapped = v4_mapped_prefix;
  std::copy(bytes.begin(), bytes.end(), mapped.begin() + 12);
  return from_bytes(mapped);
}

IpAddress IpAddress::from_bytes(const Bytes& bytes) {
  IpAddress address;
  address.bytes_ = bytes;
  address.v4_ = std::equal(bytes.begin(), bytes.begin() + 12, v4_mapped_prefix.begin());
  return address;
}

std::optional<IpAddress> IpAddress::from_sockaddr(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return from_v4(bytes);
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    Bytes bytes{};
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    return from_bytes(bytes);
  }
  return std::nullopt;
}

bool IpAddress::is_loopback() const {
  if (v4_) return bytes_[12] == 127;
  constexpr Bytes one = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return bytes_ == one;
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  const void* source = v4_ ? bytes_.data() + 12 : bytes_.data();
  ::inet_ntop(v4_ ? AF_INET : AF_INET6, source, buffer.data(), buffer.size());
  return buffer.data();
}

std::uint16_t port_of(const sockaddr* address) {
  if (address == nullptr) return 0;
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return ntohs(in.sin_port);
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    return ntohs(in.sin6_port);
  }
  return 0;
}

IpAddress masked(const IpAddress& address, unsigned length) {
  return IpAddress::from_bytes(clear_from(address.bytes(), bit_position(address, length)));
}

tl::expected<AddressRange, std::string> AddressRange::parse(std::string_view text) {
  text = trimmed(text);
  tl::expected<std::pair<IpAddress, IpAddress>, std::string> ends;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    ends = parse_cidr(text, slash);
  } else if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    ends = parse_range(text, dash);
  } else {
    ends = parse_or_explain(text).map([](const IpAddress& one) { return std::pair{one, one}; });
  }
  if (!ends) return tl::unexpected(ends.error());
  AddressRange range;
  std::tie(range.first_, range.last_) = *ends;
  range.text_ = text;
  return range;
}

bool AddressRange::contains(const IpAddress& address) const {
  return address.is_v4() == first_.is_v4() && first_ <= address && address <= last_;
}

bool AddressRange::overlaps(const AddressRange& other) const {
  return first_.is_v4() == other.first_.is_v4() && first_ <= other.last_ && other.first_ <= last_;
}

IpAddress::Bytes AddressRange::span() const {
  Bytes difference{};
  int borrow = 0;
  for (std::size_t i = difference.size(); i-- > 0;) {
    const int value = last_.bytes()[i] - first_.bytes()[i] - borrow;
    borrow = value < 0 ? 1 : 0;
    difference[i] = static_cast<std::uint8_t>(value & 0xff);
  }
  return difference;
}

std::vector<Prefix> AddressRange::prefixes() const {
  // Bytes and bits of the form that both families share: an IPv6 range may lead through the IPv4-mapped addresses.
  const unsigned lowest = bit_position(first_, 0);
  std::vector<Prefix> blocks;
  Bytes next = first_.bytes();
  for (;;) {
    // The largest block that begins at `next` and does not go past the end.
    unsigned bit = 128;
    while (bit > lowest && clear_from(next, bit - 1) == next && set_from(next, bit - 1) <= last_.bytes()) --bit;
    const IpAddress base = IpAddress::from_bytes(next);
    // No IPv6 address lies among the mapped ones, so such a block holds nothing.
    if (base.is_v4() == first_.is_v4()) blocks.push_back({base, bit - lowest});
    next = set_from(next, bit);
    if (next == last_.bytes() || !increment(next)) return blocks;
  }
}

}  // namespace connectord::net

std::size_t std::hash<connectord::net::IpAddress>::operator()(
    const connectord::net::IpAddress& address) const noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, address.bytes().data(), sizeof high);
  std::memcpy(&low, address.bytes().data() + sizeof high, sizeof low);
  std::uint64_t mixed = (high ^ (low * 0x9e3779b97f4a7c15ULL)) * 0xff51afd7ed558ccdULL;
  return mixed ^ (mixed >> 32);
}
