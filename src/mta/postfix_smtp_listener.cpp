#include "postfix_smtp_listener.h"

#include <algorithm>
#include <optional>

#include "connectord/mta/postfix_plan.h"
#include "connectord/net/abstract_socket.h"
#include "connectord/net/ip_address.h"
#include "name_service.h"
#include "postfix_list.h"

namespace connectord::mta {
namespace {

// What takes connections for smtpd: a service of its own, or postscreen in front of one of type "pass".
bool takes_connections(const PostfixService& service) {
  return service.type == "inet" && (service.program == "smtpd" || service.program == "postscreen");
}

std::string port_of(const PostfixService& service) {
  return service.name.substr(service.name.rfind(':') + 1);  // npos + 1 is 0
}

std::string host_of(const PostfixService& service, const PostfixSetup& setup) {
  const std::size_t colon = service.name.rfind(':');
  if (colon != std::string::npos) {
    std::string host = service.name.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (!host.empty()) return host;
  }
  const bool v6_only = setup.effective("inet_protocols") == "ipv6";
  const std::vector<ListWord> interfaces = list_words(setup.effective("inet_interfaces"));
  if (interfaces.empty()) return v6_only ? "::1" : "127.0.0.1";
  const auto has = [&](std::string_view name) {
    return std::any_of(interfaces.begin(), interfaces.end(), [&](const ListWord& word) { return word.text == name; });
  };
  if (has("all") || has("loopback-only") || has("localhost") || has("127.0.0.1")) return v6_only ? "::1" : "127.0.0.1";
  std::string host(interfaces.front().text);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

std::optional<std::uint16_t> port_number(const std::string& name) {
  const AddressList found = look_up("", name);
  if (!found) return std::nullopt;
  const std::uint16_t port = net::port_of(found->ai_addr);
  if (port == 0) return std::nullopt;
  return port;
}

// Submission: a client without TLS or a password does not come as far as RCPT.
bool wants_more_than_a_stranger_has(const PostfixService& service) {
  const auto is = [&](const char* parameter, const char* value) {
    const auto found = service.overrides.find(parameter);
    return found != service.overrides.end() && found->second == value;
  };
  return is("smtpd_tls_security_level", "encrypt") || is("smtpd_sasl_auth_enable", "yes");
}

bool is_wrapped_in_tls(const PostfixService& service, const PostfixSetup& setup) {
  const auto found = service.overrides.find("smtpd_tls_wrappermode");
  return (found == service.overrides.end() ? setup.effective("smtpd_tls_wrappermode") : found->second) == "yes";
}

}  // namespace

std::string own_recipient(const PostfixSetup& setup) {
  for (const char* parameter : {"mydestination", "virtual_mailbox_domains", "virtual_alias_domains", "relay_domains"}) {
    for (const ListWord& word : list_words(setup.effective(parameter))) {
      if (word.text.find_first_of(":/") == std::string_view::npos) return "postmaster@" + std::string(word.text);
    }
  }
  return "postmaster@" + setup.effective("myhostname");
}

tl::expected<net::Endpoint, std::string> smtp_listener_of(const PostfixSetup& setup, const MtaRequirements& required) {
  std::optional<net::Endpoint> second_choice;
  for (const PostfixService& service : setup.services) {
    if (!takes_connections(service) || is_wrapped_in_tls(service, setup)) continue;
    if (service.program == "smtpd" && !asks_connectord(service, setup, required)) continue;
    const auto port = port_number(port_of(service));
    if (!port) continue;
    net::Endpoint endpoint;
    endpoint.kind = net::Endpoint::Kind::inet;
    endpoint.host = host_of(service, setup);
    endpoint.port = *port;
    if (!wants_more_than_a_stranger_has(service)) return endpoint;
    if (!second_choice) second_choice = endpoint;
  }
  if (second_choice) return *second_choice;
  return tl::unexpected("no service of " + setup.folder + "/master.cf takes mail in over plain SMTP");
}

}  // namespace connectord::mta
