#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace connectord::net {

// Where a service listens, in Postfix's notation: "unix:/path" or "inet:host:port" ("inet:[2001:db8::1]:port" for
// IPv6).
struct Endpoint {
  enum class Kind { unix_socket, inet };

  Kind kind = Kind::unix_socket;
  std::string path;        // of a unix socket, absolute
  std::string host;        // an address or a name, without brackets
  std::uint16_t port = 0;  // of an inet endpoint; never 0

  // On failure says what to write instead.
  static tl::expected<Endpoint, std::string> parse(std::string_view text);
  std::string to_string() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace connectord::net
