#include "connectord/socketmap/maps.h"

#include <algorithm>
#include <array>
#include <utility>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "connectord/engine/routing.h"
#include "connectord/mail/postfix_terms.h"
#include "connectord/mail/sendmail_terms.h"

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
  const OutboundConnector* connector = engine::route_of_any_origin(*generation.policy, {recipient});
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

Answer sasl_password(const Generation& generation, std::string_view next_hop) {
  const OutboundConnector* connector = engine::connector_of_next_hop(*generation.policy, next_hop);
  if (connector == nullptr || connector->route.credentials.empty()) return {};
  const std::string* credentials = generation.credentials_of(connector->name);
  // Without a password the host would take the mail from anybody, or refuse it for good.
  if (credentials == nullptr) return {Answer::Status::temporary, "connectord has no credentials for this next hop"};
  return found(*credentials);
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

struct Map {
  std::string_view name;
  Answer (*look_up)(const Generation& generation, std::string_view key);
};

constexpr std::array<Map, 6> maps = {{{"transport", transport},
                                      {"tls-policy", tls_policy},
                                      {"header", header},
                                      {"sasl-password", sasl_password},
                                      {"mailertable", mailertable},
                                      {"sendmail_tls", sendmail_tls}}};

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
  const auto* known = std::find_if(maps.begin(), maps.end(), [map](const Map& m) { return m.name == map; });
  return known == maps.end() ? unknown(map) : known->look_up(generation, key);
}

}  // namespace connectord::socketmap
