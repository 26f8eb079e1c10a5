#include "connectord/net/endpoint.h"

#include <sys/un.h>

#include <charconv>

#include "connectord/net/domain_name.h"
#include "connectord/net/ip_address.h"

namespace connectord::net {
namespace {

tl::unexpected<std::string> bad(std::string_view text, std::string_view why) {
  return tl::unexpected("\"" + std::string(text) + "\" " + std::string(why) +
                        "; write unix:/path, inet:host:port or inet:[IPv6 address]:port");
}

tl::expected<Endpoint, std::string> parse_unix(std::string_view text, std::string_view path) {
  if (path.empty() || path.front() != '/') return bad(text, "has no absolute path");
  if (path.find('\0') != std::string_view::npos) return bad(text, "has a NUL in its path");
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > longest) {
    return tl::unexpected("\"" + std::string(text) + "\" is too long for a unix socket; its path may have " +
                          std::to_string(longest) + " characters");
  }
  Endpoint endpoint;
  endpoint.path = path;
  return endpoint;
}

tl::expected<Endpoint, std::string> parse_inet(std::string_view text, std::string_view rest) {
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) return bad(text, "has no port");
  std::string_view host = rest.substr(0, colon);
  const std::string_view digits = rest.substr(colon + 1);
  Endpoint endpoint;
  endpoint.kind = Endpoint::Kind::inet;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (error != std::errc() || end != digits.data() + digits.size() || endpoint.port == 0) {
    return bad(text, "has no port from 1 to 65535");
  }
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return bad(text, "has an IPv6 address without brackets");
  if (!IpAddress::parse(host) && !normalize_domain(host)) return bad(text, "has no host");
  endpoint.host = host;
  return endpoint;
}

}  // namespace

tl::expected<Endpoint, std::string> Endpoint::parse(std::string_view text) {
  for (const std::string_view scheme : {"unix:", "local:"}) {
    if (text.starts_with(scheme)) return parse_unix(text, text.substr(scheme.size()));
  }
  for (const std::string_view scheme : {"inet:", "inet6:"}) {
    if (text.starts_with(scheme)) return parse_inet(text, text.substr(scheme.size()));
  }
  return bad(text, "is not a listener");
}

std::string Endpoint::to_string() const {
  if (kind == Kind::unix_socket) return "unix:" + path;
  const bool v6 = host.find(':') != std::string::npos;
  return "inet:" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace connectord::net
