#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

struct sockaddr;

namespace connectord::net {

// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) is the IPv4 address it stands for, so that a
// dual-stack listener cannot be used to go round a rule that names IPv4 networks.
// A plain value: thread-safe as an int is.
class IpAddress {
 public:
  using Bytes = std::array<std::uint8_t, 16>;

  // The unspecified address, "::".
  IpAddress() = default;

  // Takes dotted IPv4, IPv6 in any of RFC 4291's forms, and both with the "IPv6:" prefix and the brackets of an SMTP
  // address literal. No zone index, no host name. std::nullopt for anything else.
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress from_v4(std::array<std::uint8_t, 4> bytes);
  static IpAddress from_bytes(const Bytes& bytes);
  // std::nullopt for families other than AF_INET and AF_INET6.
  static std::optional<IpAddress> from_sockaddr(const sockaddr* address);

  bool is_v4() const { return v4_; }
  bool is_loopback() const;
  // IPv4 addresses stand in their IPv4-mapped form.
  const Bytes& bytes() const { return bytes_; }
  std::string to_string() const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  bool v4_ = false;
  Bytes bytes_{};
};

// The port of an AF_INET or AF_INET6 address in host byte order; 0 for other families.
std::uint16_t port_of(const sockaddr* address);

// A block of addresses that share their first `length` bits. `length` counts from 0 to 32 for IPv4, to 128 for IPv6.
struct Prefix {
  IpAddress base;
  unsigned length = 0;
  friend auto operator<=>(const Prefix&, const Prefix&) = default;
};

// The first `length` bits of an address, all others zero.
IpAddress masked(const IpAddress& address, unsigned length);

// One entry of a list of networks: an address, a CIDR block, or a range "first-last", both ends included.
class AddressRange {
 public:
  // On failure says what to write instead. Host bits that are set below a prefix are an error, which names the block
  // that was probably meant.
  static tl::expected<AddressRange, std::string> parse(std::string_view text);

  const IpAddress& first() const { return first_; }
  const IpAddress& last() const { return last_; }
  // An IPv6 range holds no IPv4 address, also where it covers ::ffff:0:0/96.
  bool contains(const IpAddress& address) const;
  bool overlaps(const AddressRange& other) const;
  // The number of addresses less one, as a big-endian number: a smaller span is the more specific range.
  IpAddress::Bytes span() const;
  // The fewest CIDR blocks that together are this range.
  std::vector<Prefix> prefixes() const;
  // As it was written.
  const std::string& to_string() const { return text_; }

  friend bool operator==(const AddressRange& a, const AddressRange& b) {
    return a.first_ == b.first_ && a.last_ == b.last_;
  }

 private:
  IpAddress first_;
  IpAddress last_;
  std::string text_;
};

}  // namespace connectord::net

template <>
struct std::hash<connectord::net::IpAddress> {
  std::size_t operator()(const connectord::net::IpAddress& address) const noexcept;
};
