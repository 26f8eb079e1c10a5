#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

// What Postfix's notations of next hops and TLS policies are in ours. Pure; on failure each says what cannot be had.
namespace connectord::mta {

// Keys of ours in their order.
using ConnectorKeys = nlohmann::ordered_json;

// A next hop: as Postfix is asked for it ("[mx.contoso.com]:submission"), and as smart_hosts has it.
struct NextHop {
  std::string text;
  std::string host{};  // without brackets and port
  bool look_up_mx = false;
  std::string port{};  // in digits, or empty

  // `wrapped`: with TLS from the first byte.
  std::string smart_host(bool wrapped) const;
};

// "[a]:25, b" of transport(5); none where the text is empty.
tl::expected<std::vector<NextHop>, std::string> read_next_hops(std::string_view text);

// "secure match=a:b protocols=>=TLSv1.2" as [outbound.tls]. `destination` is the name that "nexthop" stands for.
tl::expected<ConnectorKeys, std::string> read_tls_policy(std::string_view value, const std::string& destination);

// The lowest version that such a list of protocols allows; empty where it forbids none of TLS. std::nullopt where it is
// no lowest version.
std::optional<std::string> lowest_protocol(std::string_view protocols);

}  // namespace connectord::mta
