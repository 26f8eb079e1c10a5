#include "table_checks.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "quote.h"

namespace connectord::config {
namespace {

using net::AddressRange;
using net::Endpoint;

constexpr std::array<std::string_view, 4> listeners = {"milter", "policy", "socketmap", "api"};

// Where `key` stands, or the table if it isn't there.
const toml::source_region& place_of(const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  return node != nullptr ? node->source() : table.source();
}

bool is_wildcard(std::string_view host) {
  return host == "0.0.0.0" || host == "::";
}

bool is_loopback(std::string_view host) {
  const auto address = net::IpAddress::parse(host);
  return host == "localhost" || (address && address->is_loopback());
}

bool same_host(const std::string& a, const std::string& b) {
  if (is_wildcard(a) || is_wildcard(b)) return true;
  if (a == "localhost" || b == "localhost") return is_loopback(a) && is_loopback(b);
  const auto address = net::IpAddress::parse(a);
  if (address || net::IpAddress::parse(b)) return address == net::IpAddress::parse(b);
  return net::normalize_domain(a) == net::normalize_domain(b);
}

bool collide(const Endpoint& a, const Endpoint& b) {
  if (a.kind != b.kind) return false;
  if (a.kind == Endpoint::Kind::inet) return a.port == b.port && same_host(a.host, b.host);
  return std::filesystem::path(a.path).lexically_normal() == std::filesystem::path(b.path).lexically_normal();
}

std::optional<Endpoint> listener_in(const toml::table& server, std::string_view key) {
  const auto text = server[key].value<std::string_view>();
  if (!text) return std::nullopt;
  const auto endpoint = Endpoint::parse(*text);
  return endpoint ? std::optional(*endpoint) : std::nullopt;
}

void check_listener(Reader& reader, const toml::table& table, std::size_t index) {
  const auto listener = listener_in(table, listeners.at(index));
  if (!listener) return;
  for (std::size_t before = 0; before < index; ++before) {
    const auto other = listener_in(table, listeners.at(before));
    if (!other || !collide(*listener, *other)) continue;
    const Reader::Scope scope(reader, listeners.at(index));
    const auto where = reader.at(place_of(table, listeners.at(before)));
    return reader.error(place_of(table, listeners.at(index)),
                        in_quotes(listener->to_string()) + " is taken already by server." +
                            std::string(listeners.at(before)) + " = " + in_quotes(other->to_string()) + " in line " +
                            std::to_string(where.line) + "; give each service a listener of its own");
  }
}

// Goes over both lists in the order of their beginnings, so that long lists take no longer than to sort them.
bool overlap(std::vector<AddressRange> a, std::vector<AddressRange> b) {
  const auto earlier = [](const AddressRange& x, const AddressRange& y) { return x.first() < y.first(); };
  std::sort(a.begin(), a.end(), earlier);
  std::sort(b.begin(), b.end(), earlier);
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (i->overlaps(*j)) return true;
    i->last() < j->last() ? ++i : ++j;
  }
  return false;
}

bool only_networks_identify(const toml::table& connector) {
  const auto* identify = connector["identify"].as_table();
  return identify != nullptr && identify->size() == 1 && identify->contains("client_networks");
}

std::string written(const std::vector<AddressRange>& ranges) {
  constexpr std::size_t most = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(ranges.size(), most); ++i) text += (i > 0 ? ", " : "") + ranges[i].to_string();
  return ranges.size() > most ? text + ", …" : text;
}

void check_networks_meet(Reader& reader, const toml::table& table, const model::InboundConnector& connector) {
  const auto& required = connector.require.client_networks;
  const auto& identified = connector.identify.client_networks;
  const auto* require = table["require"].as_table();
  if (require == nullptr || required.empty() || identified.empty() || !only_networks_identify(table)) return;
  if (overlap(identified, required)) return;
  const Reader::Scope scope(reader, "require");
  const Reader::Scope key(reader, "client_networks");
  reader.error(place_of(*require, "client_networks"),
               "no mail of \"" + connector.name + "\" could be accepted: it is identified by " + written(identified) +
                   " only, and none of that is in " + written(required) +
                   "; let the networks overlap, or leave one of the two lists out");
}

// Skip listing that never holds, as engine/enhanced_filtering.h has it.
void check_filtering(Reader& reader, const toml::table& table, const model::InboundConnector& connector) {
  if (!connector.enhanced_filtering || !connector.enhanced_filtering->skip_networks.empty()) return;
  const bool named = !connector.identify.client_networks.empty() || connector.identify.certificate ||
                     !connector.require.client_networks.empty() || connector.require.certificate;
  if (named) return;
  const Reader::Scope scope(reader, "enhanced_filtering");
  reader.warning(place_of(table, "enhanced_filtering"),
                 "has no effect: anybody can write a sender's domain, and \"" + connector.name +
                     "\" is identified by nothing else; name the gateway in identify.client_networks, "
                     "identify.certificate or skip_networks");
}

void check_purpose(Reader& reader, const toml::table& table, const model::InboundConnector& connector) {
  if (connector.scenario == model::Scenario::partner && !table.contains("require") && !connector.identify.certificate) {
    const Reader::Scope scope(reader, "require");
    reader.warning(table.source(), "partner \"" + connector.name +
                                       "\" requires nothing, so it only tags mail; write what must hold in "
                                       "[inbound.require], such as tls = true");
  }
  if (connector.trusted_path && !connector.identify.sender_domains.empty()) {
    const Reader::Scope scope(reader, "trusted_path");
    reader.warning(place_of(table, "trusted_path"),
                   "anybody can write a sender's domain, so trust counts only for mail of \"" + connector.name +
                       "\" that is identified by network or certificate, not by sender_domains");
  }
}

void report(Reader& reader, const toml::table& table, std::string_view key, std::string message) {
  const Reader::Scope scope(reader, key);
  reader.error(place_of(table, key), std::move(message));
}

// Tokens and connectors must not cross a network in the clear.
void check_api(Reader& reader, const toml::table& table) {
  const bool certificate = table.contains("api_certificate");
  const bool key = table.contains("api_key");
  if (certificate != key) {
    return report(
        reader, table, certificate ? "api_certificate" : "api_key",
        std::string("is of no use by itself; write ") + (certificate ? "api_key" : "api_certificate") + " too");
  }
  const auto listener = listener_in(table, "api");
  if (!listener) return;
  const bool is_unix = listener->kind == Endpoint::Kind::unix_socket;
  if (is_unix && certificate) {
    return report(reader, table, "api_certificate", "a unix socket has no TLS; leave it out, and api_key");
  }
  if (is_unix || is_loopback(listener->host) || certificate) return;
  report(reader, table, "api",
         in_quotes(listener->to_string()) +
             " can be reached from other machines, where tokens must not go in the clear; write api_certificate and "
             "api_key too, or listen on inet:127.0.0.1:" +
             std::to_string(listener->port) + " or unix:/run/connectord/api.sock");
}

// Names would have to be looked up for each mail. False, and reported, for anything but an address.
bool check_mail_through(Reader& reader, const toml::table& table, const std::optional<net::Endpoint>& server) {
  if (!server || (server->kind == net::Endpoint::Kind::inet && net::IpAddress::parse(server->host))) return true;
  report(reader, table, "mail_through", "must be an address and a port; write \"inet:127.0.0.1:25\"");
  return false;
}

}  // namespace

void check_server(Reader& reader, const toml::table& table, const model::Server& server) {
  const auto* includes = table["include"].as_array();
  for (std::size_t i = 0; i < server.include.size(); ++i) reader.note_include(includes->get(i)->source());
  for (std::size_t i = 1; i < listeners.size(); ++i) check_listener(reader, table, i);
  check_api(reader, table);
  check_mail_through(reader, table, server.mail_through);
}

void check_validation(Reader& reader, const toml::table& table, const model::Validation& validation) {
  if (!check_mail_through(reader, table, validation.mail_through) || !validation.mail_through) return;
  const Reader::Scope scope(reader, "mail_through");
  reader.warning(place_of(table, "mail_through"),
                 "is a key of [server] now, and counts where that is not there; write "
                 "mail_through = " +
                     in_quotes(validation.mail_through->to_string()) + " there");
}

void check_fleet(Reader& reader, const toml::table& table, const model::Fleet& fleet) {
  constexpr std::uint64_t least = std::uint64_t{16} << 20U;
  if (fleet.spool_size >= least) return;
  const Reader::Scope scope(reader, "spool_size");
  reader.error(place_of(table, "spool_size"), "is too small to be of use; write at least \"16MiB\"");
}

void check_organization(Reader& reader, const toml::table& table, const model::Organization& organization) {
  const auto* domains = table["accepted_domains"].as_array();
  const bool has_domains = (domains != nullptr && !domains->empty()) || !organization.accepted_domains_file.empty();
  if (!organization.reject_direct_send || has_domains) return;
  const Reader::Scope scope(reader, "reject_direct_send");
  reader.warning(place_of(table, "reject_direct_send"),
                 "has no effect without our own domains; write accepted_domains = [\"example.net\"]");
}

void check_inbound(Reader& reader, const toml::table& table, const model::InboundConnector& connector) {
  if (!table.contains("identify")) {
    const Reader::Scope scope(reader, "identify");
    reader.error(table.source(),
                 "is missing, so no mail could ever match this connector; write sender_domains, client_networks or "
                 "certificate in [inbound.identify]");
    return;
  }
  check_networks_meet(reader, table, connector);
  check_purpose(reader, table, connector);
  check_filtering(reader, table, connector);
}

void check_identify(Reader& reader, const toml::table& table, const model::Identify& identify) {
  for (const net::DomainPattern& pattern : identify.sender_domains) {
    if (pattern.kind() != net::DomainPattern::Kind::exact || !net::is_single_label(pattern.name())) continue;
    const Reader::Scope scope(reader, "sender_domains");
    reader.warning(place_of(table, "sender_domains"),
                   in_quotes(pattern.name()) +
                       " has no dot, and mail servers may complete such a name with their own domain; write the full "
                       "name, or client_networks for a host of ours");
  }
  if (!table.empty()) return;
  reader.error(
      table.source(),
      "is empty, so no mail could ever match this connector; write sender_domains, client_networks or certificate");
}

void check_certificate(Reader& reader, const toml::table& table, const model::CertificatePattern&) {
  if (!table.empty()) return;
  reader.error(table.source(), "is empty, so any certificate would do; write subject, issuer or fingerprints");
}

void check_require(Reader& reader, const toml::table& table, const model::Require& require) {
  if (require.tls || (table.contains("tls") && !table["tls"].is_boolean())) return;
  for (const std::string_view key : {"tls_version", "certificate"}) {
    if (!table.contains(key)) continue;
    const Reader::Scope scope(reader, key);
    reader.error(place_of(table, key),
                 "means nothing for a message that comes without TLS; write tls = true in [inbound.require]");
  }
}

}  // namespace connectord::config
