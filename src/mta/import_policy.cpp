#include "import_policy.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "connectord/base/number.h"
#include "connectord/base/text.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/ip_address.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

// Of /etc/services, those that mail is sent to.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> mail_ports = {
    {{"smtp", "25"}, {"submission", "587"}, {"smtps", "465"}, {"submissions", "465"}, {"ssmtp", "465"}}};

std::optional<std::string> port_of_service(std::string_view service) {
  if (base::whole_number<std::uint16_t>(service)) return std::string(service);
  for (const auto& [name, port] : mail_ports) {
    if (name == service) return std::string(port);
  }
  return std::nullopt;
}

tl::unexpected<std::string> no_next_hop(std::string_view word) {
  return tl::unexpected("\"" + base::printable(word) + "\" is no host of ours to name; write smart_hosts");
}

tl::expected<NextHop, std::string> read_next_hop(std::string_view word) {
  if (base::to_lower(word).starts_with("unix:")) return no_next_hop(word);
  if (word.starts_with("inet:")) word.remove_prefix(5);
  NextHop hop{.text = base::to_lower(word)};
  std::string_view rest;
  if (word.starts_with('[')) {
    const std::size_t end = word.find(']');
    if (end == std::string_view::npos) return no_next_hop(word);
    hop.host = word.substr(1, end - 1);
    rest = word.substr(end + 1);
  } else {
    const std::size_t colon = word.find(':');
    hop.look_up_mx = true;
    hop.host = word.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : word.substr(colon);
  }
  const auto address = hop.look_up_mx ? std::nullopt : net::IpAddress::parse(hop.host);
  const auto name = net::normalize_domain(hop.host);
  if (!address && !name) return no_next_hop(word);
  hop.host = address ? address->to_string() : *name;
  if (rest.empty()) return hop;
  const auto port = rest.starts_with(':') ? port_of_service(rest.substr(1)) : std::nullopt;
  if (!port) return no_next_hop(word);
  hop.port = *port;
  return hop;
}

constexpr std::array<std::string_view, 4> versions = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};

std::size_t number_of_version(std::string_view name) {
  const auto* found = std::find_if(versions.begin(), versions.end(),
                                   [name](std::string_view one) { return base::equals_ignoring_case(one, name); });
  return static_cast<std::size_t>(found - versions.begin());
}

// postconf(5), smtp_tls_secure_cert_match; words and names between colons, or bars.
tl::expected<std::vector<std::string>, std::string> names_of_match(std::string_view text,
                                                                   const std::string& destination) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(":|, ");
    const std::string_view word = base::trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (word.empty()) continue;
    if (word == "nexthop" || word == "dot-nexthop") {
      if (destination.empty()) return tl::unexpected(std::string("it matches the name of each next hop"));
      names.push_back(word == "nexthop" ? destination : "." + destination);
    } else if (net::normalize_domain(word.starts_with('.') ? word.substr(1) : word)) {
      names.emplace_back(word);
    } else {
      return tl::unexpected("\"" + base::printable(word) + "\" is no name in a certificate");
    }
  }
  return names;
}

struct Policy {
  std::string level;
  std::string match;
  std::string protocols;
  std::string tafile;
};

tl::expected<Policy, std::string> attributes_of(std::string_view value) {
  Policy policy;
  for (const ListWord& word : list_words(value)) {
    if (policy.level.empty()) {
      policy.level = base::to_lower(word.text);
      continue;
    }
    const std::size_t equals = word.text.find('=');
    const std::string_view name = word.text.substr(0, equals);
    const std::string_view text = equals == std::string_view::npos ? "" : word.text.substr(equals + 1);
    std::string* const place = name == "match"       ? &policy.match
                               : name == "protocols" ? &policy.protocols
                               : name == "tafile"    ? &policy.tafile
                                                     : nullptr;
    if (place == nullptr) return tl::unexpected("a connector has no equal of \"" + base::printable(name) + "\"");
    *place += (place->empty() ? "" : ":") + std::string(text);
  }
  return policy;
}

// The names that the certificate must have, in the words of [outbound.tls].
tl::expected<void, std::string> add_names(const Policy& policy, const std::string& destination, ConnectorKeys& tls) {
  const bool secure = policy.level == "secure";
  const std::string strategies = !policy.match.empty() ? policy.match : secure ? "nexthop:dot-nexthop" : "hostname";
  const auto names = names_of_match(strategies, destination);
  if (!names) return tl::unexpected(names.error());
  const bool by_host = std::find(names->begin(), names->end(), "hostname") != names->end();
  if (by_host && names->size() > 1) {
    return tl::unexpected(std::string("it takes the host's name and others; a connector takes either"));
  }
  tls["level"] = by_host ? "verify" : "match";
  if (!by_host) tls["match"] = *names;
  if (policy.tafile.empty()) return {};
  if (base::printable(policy.tafile, policy.tafile.size()) != policy.tafile) {
    return tl::unexpected(std::string("its tafile has a name that is not printable"));
  }
  tls["ca_file"] = policy.tafile;
  return {};
}

}  // namespace

std::string NextHop::smart_host(bool wrapped) const {
  // Postfix's own port is 25 with TLS from the first byte too.
  const std::string shown = port.empty() && wrapped ? "25" : port;
  return (wrapped ? "smtps:" : "") + (look_up_mx ? host : "[" + host + "]") + (shown.empty() ? "" : ":" + shown);
}

tl::expected<std::vector<NextHop>, std::string> read_next_hops(std::string_view text) {
  std::vector<NextHop> hops;
  for (const ListWord& word : list_words(text)) {
    auto hop = read_next_hop(word.text);
    if (!hop) return tl::unexpected(hop.error());
    hops.push_back(std::move(*hop));
  }
  return hops;
}

std::optional<std::string> lowest_protocol(std::string_view protocols) {
  std::array<bool, versions.size()> allowed{};
  bool names_any = false;
  std::array<bool, versions.size()> forbidden{};
  std::string text(protocols);
  std::replace(text.begin(), text.end(), ':', ' ');
  for (const ListWord& word : list_words(text)) {
    std::string_view name = word.text;
    const bool from = name.starts_with(">=");
    const bool up_to = name.starts_with("<=");
    const bool none_of = name.starts_with('!');
    name.remove_prefix(from || up_to ? 2 : none_of ? 1 : 0);
    const std::size_t number = number_of_version(name);
    if (base::to_lower(name).starts_with("sslv")) {
      if (!none_of && !from) return std::nullopt;
      continue;
    }
    if (up_to || number == versions.size()) return std::nullopt;
    if (from) std::fill(forbidden.begin(), forbidden.begin() + static_cast<std::ptrdiff_t>(number), true);
    if (none_of) forbidden[number] = true;
    if (!from && !none_of) allowed[number] = names_any = true;
  }
  for (std::size_t i = 0; i < versions.size(); ++i) forbidden[i] = forbidden[i] || (names_any && !allowed[i]);
  const auto lowest = std::find(forbidden.begin(), forbidden.end(), false);
  if (lowest == forbidden.end() || std::find(lowest, forbidden.end(), true) != forbidden.end()) return std::nullopt;
  return lowest == forbidden.begin() ? ""
                                     : std::string(versions.at(static_cast<std::size_t>(lowest - forbidden.begin())));
}

tl::expected<ConnectorKeys, std::string> read_tls_policy(std::string_view value, const std::string& destination) {
  const auto policy = attributes_of(value);
  if (!policy) return tl::unexpected(policy.error());
  ConnectorKeys tls;
  const std::string& level = policy->level;
  if (level == "may" || level == "encrypt") {
    tls["level"] = level == "may" ? "opportunistic" : "require";
  } else if (level == "verify" || level == "secure") {
    if (auto added = add_names(*policy, destination, tls); !added) return tl::unexpected(added.error());
  } else if (level == "dane-only") {
    tls["level"] = "dane";
  } else if (level == "dane") {
    tls["level"] = "opportunistic";
    tls["dane"] = "opportunistic";
  } else if (level == "none") {
    return tl::unexpected(std::string("no connector forbids TLS"));
  } else {
    return tl::unexpected("a connector has no level \"" + base::printable(level) + "\"");
  }
  if (policy->protocols.empty()) return tls;
  const auto version = lowest_protocol(policy->protocols);
  if (!version) return tl::unexpected(std::string("its protocols are no lowest version"));
  if (!version->empty()) tls["version"] = *version;
  return tls;
}

}  // namespace connectord::mta
