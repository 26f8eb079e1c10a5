#include "maps.h"

#include <algorithm>
#include <array>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/engine/outbound_index.h"
#include "connectord/engine/routing.h"
#include "connectord/mail/postfix_terms.h"
#include "connectord/mail/sendmail_terms.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/ip_address.h"

namespace connectord::socketmap {
namespace {

using model::OutboundConnector;
using runtime::Generation;

Answer found(std::string value) {
  return {Answer::Status::ok, std::move(value)};
}

Answer found_or_unable(tl::expected<std::string, std::string> value) {
  if (!value) return {Answer::Status::temporary, std::move(value.error())};
  return value->empty() ? Answer{} : found(std::move(*value));
}

Answer transport(const Generation& generation, std::string_view recipient) {
  // No recipient has an empty local part; such keys are of tables that match by domain.
  if (recipient.starts_with('@')) return {};
  const OutboundConnector* connector = engine::route_by_recipient_alone(*generation.policy, {recipient});
  return connector == nullptr ? Answer{} : found(mail::transport_of(*connector));
}

// Asked where `transport` had no answer and Postfix delivers to another host (trivial-rewrite(8)). It asks for
// "@domain" too, by when we have said what there is to say.
Answer sender_transport(const Generation& generation, std::string_view sender) {
  if (sender.starts_with('@')) return {};
  const std::string_view null_sender = "<>";  // empty_address_default_transport_maps_lookup_key
  const OutboundConnector* connector =
      engine::route_by_sender_alone(*generation.policy, sender == null_sender ? "" : sender);
  return connector == nullptr ? Answer{} : found(mail::transport_of(*connector));
}

Answer tls_policy(const Generation& generation, std::string_view next_hop) {
  const OutboundConnector* connector = engine::connector_of_next_hop(*generation.policy, next_hop);
  auto policy = connector == nullptr ? std::nullopt : mail::tls_policy_of(*connector);
  return policy ? found(std::move(*policy)) : Answer{};
}

Answer header(const Generation& generation, std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = base::trimmed(line.substr(colon + 1));
  const std::string& tag = generation.policy->configuration().tag.header;
  const OutboundConnector* connector = nullptr;
  if (base::equals_ignoring_case(name, tag)) {
    connector = engine::route_by_tag_alone(*generation.policy, value);
  } else if (base::equals_ignoring_case(name, tag + "-Route")) {
    connector = engine::find_outbound(*generation.policy, value);
  }
  return connector == nullptr ? Answer{} : found("FILTER " + mail::transport_of(*connector));
}

Answer credentials_of(const Generation& generation, const OutboundConnector& connector) {
  const std::string* credentials = generation.credentials_of(connector.name);
  // Without a password the host would take the mail from anybody, or refuse it for good.
  if (credentials == nullptr) return {Answer::Status::temporary, "connectord has no credentials for this next hop"};
  return found(*credentials);
}

Answer sasl_password(const Generation& generation, std::string_view next_hop) {
  const OutboundConnector* connector = engine::connector_of_next_hop(*generation.policy, next_hop);
  if (connector == nullptr || connector->route.credentials.empty()) return {};
  return credentials_of(generation, *connector);
}

// std::nullopt for what Sendmail asks beside the domain itself: ".example.com" and ".".
std::optional<std::string> whole_domain(std::string_view key) {
  return key.starts_with('.') ? std::nullopt : net::normalize_domain(key);
}

const OutboundConnector* route_to(const Generation& generation, const std::string& domain) {
  return engine::route_of_any_origin(*generation.policy, {"@" + domain});
}

Answer mailertable(const Generation& generation, std::string_view key) {
  const auto domain = whole_domain(key);
  const OutboundConnector* connector = domain ? route_to(generation, *domain) : nullptr;
  return connector == nullptr ? Answer{} : found_or_unable(mail::mailer_of(*connector, *domain));
}

Answer sendmail_tls(const Generation& generation, std::string_view key) {
  const auto at = key.rfind('@');
  const auto domain = whole_domain(at == std::string_view::npos ? key : key.substr(at + 1));
  const OutboundConnector* connector = domain ? route_to(generation, *domain) : nullptr;
  return connector == nullptr ? Answer{} : found_or_unable(mail::tls_requirement_of(*connector));
}

// The host that Sendmail has connected to, as its mailertable has it.
Answer sendmail_certificate(const Generation& generation, std::string_view key) {
  const auto address = net::IpAddress::parse(key);
  const auto name = address ? std::nullopt : net::normalize_domain(key);
  if (!address && !name) return {};
  const auto* owner = generation.policy->outbound().certificate_for_host(address ? address->to_string() : *name);
  if (owner == nullptr) return {};
  if (!owner->connector) {
    return {Answer::Status::temporary, "connectors show this host different certificates, and Sendmail one only"};
  }
  return found(mail::client_features_of(generation.policy->configuration().outbound[*owner->connector]));
}

// What a delivery service of a connector's own asks, whatever the next hop is: only that connector's mail leaves by it.
// A message may wait in the queue for a connector that is no more.
tl::expected<const OutboundConnector*, Answer> owner_of_service(const Generation& generation, std::string_view name) {
  const OutboundConnector* connector = engine::find_outbound(*generation.policy, name);
  if (connector != nullptr && connector->needs_own_service()) return connector;
  return tl::unexpected(Answer{
      Answer::Status::temporary,
      "there is no enabled outbound connector \"" + base::printable(name) + "\" with a delivery service of its own"});
}

Answer own_tls_policy(const Generation& generation, std::string_view name) {
  const auto connector = owner_of_service(generation, name);
  if (!connector) return connector.error();
  auto policy = mail::tls_policy_of(**connector);
  return policy ? found(std::move(*policy)) : Answer{};
}

// Postfix asks for the name of the host first, and, where smtp_sender_dependent_authentication is set, for the sender
// before that. A password is for the connector's smart hosts.
Answer own_sasl_password(const Generation& generation, std::string_view name, std::string_view key) {
  const auto connector = owner_of_service(generation, name);
  if (!connector) return connector.error();
  const auto& hosts = (*connector)->route.smart_hosts;
  const bool is_host = std::any_of(
      hosts.begin(), hosts.end(), [&](const model::SmartHost& host) { return to_string(host) == base::to_lower(key); });
  return is_host && !(*connector)->route.credentials.empty() ? credentials_of(generation, **connector) : Answer{};
}

// Whose mail a TLS policy is for: a connector's, or that of none.
tl::expected<const OutboundConnector*, Answer> asked_about_tls(const Generation& generation, std::string_view map,
                                                               std::string_view key) {
  constexpr std::string_view own = "tls-policy/";
  if (map.starts_with(own)) return owner_of_service(generation, map.substr(own.size()));
  return engine::connector_of_next_hop(*generation.policy, key);
}

struct Map {
  std::string_view name;
  Answer (*look_up)(const Generation& generation, std::string_view key);
};

constexpr std::array<Map, 8> maps = {{{"transport", transport},
                                      {"sender-transport", sender_transport},
                                      {"tls-policy", tls_policy},
                                      {"header", header},
                                      {"sasl-password", sasl_password},
                                      {"mailertable", mailertable},
                                      {"sendmail_tls", sendmail_tls},
                                      {"sendmail_certificate", sendmail_certificate}}};

Answer unknown(std::string_view name) {
  std::string text = "there is no map \"" + base::printable(name) + "\"; write one of ";
  for (const Map& map : maps) text.append(&map == maps.data() ? "" : ", ").append(map.name);
  return {Answer::Status::permanent, std::move(text)};
}

}  // namespace

std::string to_string(const Answer& answer) {
  switch (answer.status) {
    case Answer::Status::ok:
      return "OK " + answer.text;
    case Answer::Status::not_found:
      break;
    case Answer::Status::temporary:
      return "TEMP " + answer.text;
    case Answer::Status::permanent:
      return "PERM " + answer.text;
  }
  return "NOTFOUND ";
}

Answer look_up(const Generation& generation, std::string_view map, std::string_view key) {
  if (const auto slash = map.find('/'); slash != std::string_view::npos) {
    const std::string_view kind = map.substr(0, slash);
    const std::string_view name = map.substr(slash + 1);
    if (kind == "tls-policy") return own_tls_policy(generation, name);
    if (kind == "sasl-password") return own_sasl_password(generation, name, key);
  }
  const auto* known = std::find_if(maps.begin(), maps.end(), [map](const Map& m) { return m.name == map; });
  return known == maps.end() ? unknown(map) : known->look_up(generation, key);
}

std::optional<delivery::Question> question_about_tls(const Generation& generation, std::string_view map,
                                                     std::string_view key) {
  const model::Configuration& configuration = generation.policy->configuration();
  if (!map.starts_with("tls-policy") || !generation.policy->outbound().asks_destinations()) return std::nullopt;
  const auto connector = asked_about_tls(generation, map, key);
  if (!connector) return std::nullopt;
  return delivery::question_about(key, delivery::wish_of(configuration, *connector));
}

Answer answer_about_tls(const Generation& generation, std::string_view map, std::string_view key,
                        const delivery::Advice& advice) {
  constexpr std::size_t longest_reason = 300;
  using Kind = delivery::Advice::Kind;
  if (advice.kind == Kind::nothing) return look_up(generation, map, key);
  if (advice.kind == Kind::wait) return {Answer::Status::temporary, base::printable(advice.why, longest_reason)};
  const auto connector = asked_about_tls(generation, map, key);
  if (!connector) return connector.error();
  return found(advice.policy + (*connector == nullptr ? std::string() : mail::protocols_of(**connector)));
}

std::optional<delivery::ToldBy> told_by(std::string_view map, const Answer& answer,
                                        const std::optional<delivery::Advice>& advice) {
  using Kind = delivery::Advice::Kind;
  if (!map.starts_with("tls-policy")) return std::nullopt;
  if (answer.status == Answer::Status::not_found) return delivery::ToldBy::nobody;
  if (answer.status != Answer::Status::ok) return std::nullopt;
  if (advice && advice->kind == Kind::dane) return delivery::ToldBy::dane;
  if (advice && advice->kind == Kind::sts) return delivery::ToldBy::mta_sts;
  return delivery::ToldBy::connector;
}

}  // namespace connectord::socketmap
