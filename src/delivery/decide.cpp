#include "connectord/delivery/decide.h"

#include <utility>

#include "connectord/base/number.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/ip_address.h"

namespace connectord::delivery {
namespace {

using Kind = Advice::Kind;
using Mode = sts::StsPolicy::Mode;
using model::TlsLevel;

// As the destination's policy asks, or why that asks for nothing.
Advice by_policy(const StsFinding& finding, bool with_attributes) {
  if (finding.state == StsFinding::State::unknown) return {Kind::wait, {}, finding.words};
  if (finding.state == StsFinding::State::none || finding.policy == nullptr) return {Kind::nothing, {}, finding.words};
  const sts::StsPolicy& policy = *finding.policy;
  if (policy.mode == Mode::enforce) {
    return {Kind::sts, postfix_policy(policy) + (with_attributes ? tlsrpt_attributes(policy) : std::string()),
            "the MTA-STS policy of " + policy.domain + " is enforced"};
  }
  return {
      Kind::nothing, {}, "the MTA-STS policy of " + policy.domain + " has mode " + std::string(to_string(policy.mode))};
}

}  // namespace

Wish wish_of(const model::Configuration& configuration, const model::OutboundConnector* connector) {
  const model::Delivery& usual = configuration.delivery;
  if (connector == nullptr) return {.dane = usual.dane, .mta_sts = usual.mta_sts, .tlsrpt = usual.tlsrpt};
  const model::OutboundTls tls = connector->tls.value_or(model::OutboundTls{});
  Wish wish{.dane = tls.dane ? *tls.dane == model::DaneUse::opportunistic : usual.dane,
            .mta_sts = tls.mta_sts ? *tls.mta_sts == model::StsUse::opportunistic : usual.mta_sts,
            .tlsrpt = usual.tlsrpt};
  switch (tls.lowest_level()) {
    case TlsLevel::opportunistic:
    case TlsLevel::require:
      break;
    case TlsLevel::sts:
      wish.mta_sts = true;
      wish.must_have_policy = true;
      break;
    case TlsLevel::verify:
    case TlsLevel::match:
    case TlsLevel::dane:
      return {};
  }
  // Policies are for STARTTLS (RFC 8461, 2).
  if (connector->has_implicit_tls()) wish.mta_sts = false;
  return wish;
}

std::optional<model::SmartHost> parse_next_hop(std::string_view text) {
  model::SmartHost next_hop;
  std::string_view host = text;
  std::string_view port;
  next_hop.look_up_mx = !text.starts_with('[');
  if (next_hop.look_up_mx) {
    const auto colon = text.find(':');
    host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
  } else {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  }
  if (!port.empty()) {
    const auto number = port.starts_with(':') ? base::whole_number<std::uint16_t>(port.substr(1)) : std::nullopt;
    if (!number || *number == 0) return std::nullopt;
    next_hop.port = *number;
  }
  auto name = net::normalize_domain(host);
  if (!name || net::is_single_label(*name) || net::IpAddress::parse(*name)) return std::nullopt;
  next_hop.host = std::move(*name);
  return next_hop;
}

std::optional<Question> question_about(std::string_view text, Wish wish) {
  if (!wish.asks()) return std::nullopt;
  auto next_hop = parse_next_hop(text);
  if (!next_hop) return std::nullopt;
  // A policy is a domain's.
  if (!next_hop->look_up_mx) wish.mta_sts = false;
  if (!wish.asks() && !wish.must_have_policy) return std::nullopt;
  return Question{std::move(*next_hop), wish};
}

Advice decide(const Wish& wish, const sts::DaneFinding& dane, const StsFinding& policy) {
  using State = sts::DaneFinding::State;
  if (wish.dane && dane.state == State::unknown) return {Kind::wait, {}, dane.words};
  if (wish.dane && dane.state == State::present) return {Kind::dane, "dane-only", dane.words};
  Advice advice = wish.mta_sts ? by_policy(policy, wish.tlsrpt) : Advice{Kind::nothing, {}, dane.words};
  if (advice.kind == Kind::nothing && wish.must_have_policy) advice.kind = Kind::wait;
  if (advice.kind == Kind::nothing && wish.dane && wish.mta_sts) advice.why = dane.words + "; " + advice.why;
  return advice;
}

std::string postfix_policy(const sts::StsPolicy& policy) {
  std::string text = "secure match=";
  for (const std::string& host : policy.mx) {
    if (&host != &policy.mx.front()) text += ':';
    // Postfix has ".example.com" for any name below it.
    text += host.starts_with("*.") ? std::string_view(host).substr(1) : std::string_view(host);
  }
  return text + " servername=hostname";
}

std::string tlsrpt_attributes(const sts::StsPolicy& policy) {
  std::string text = " policy_type=sts policy_domain=" + policy.domain;
  for (const std::string& host : policy.mx) text += " mx_host_pattern=" + host;
  for (const std::string& field : fields_of(policy)) text += " { policy_string = " + field + " }";
  return text;
}

}  // namespace connectord::delivery
