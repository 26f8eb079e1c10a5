#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "connectord/base/text.h"
#include "connectord/doctor/doctor.h"
#include "connectord/model/checks.h"
#include "connectord/probe/domain_check.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/smtp/network.h"

namespace connectord::doctor {
namespace {

// More domains are for `connectorctl dns`, so that nobody waits for long.
constexpr std::size_t max_domains = 5;
constexpr probe::Limits limits{.connect = std::chrono::seconds(5),
                               .greeting = std::chrono::seconds(10),
                               .reply = std::chrono::seconds(10),
                               .whole = std::chrono::seconds(20)};

// By which others give our domains no mail, or give it without what was promised.
constexpr std::array<std::string_view, 7> watched = {
    model::check::mta_sts_record,   model::check::mta_sts_policy,      model::check::mta_sts_host,
    model::check::dane_certificate, model::check::mta_sts_certificate, model::check::certificate_validity,
    model::check::tlsrpt_record};

void report(const std::string& domain, const probe::Step& step, Findings& findings) {
  const bool is_wrong = step.finding.outcome == model::Outcome::fail &&
                        std::find(watched.begin(), watched.end(), step.finding.check) != watched.end();
  if (!is_wrong) return;
  findings.add({step.warning ? Severity::warning : Severity::critical, "published",
                domain + (step.host.empty() ? "" : ", " + base::printable(step.host)) + ": " + step.finding.check +
                    ": " + base::printable(step.finding.seen, 300),
                "connectorctl dns " + domain, step.finding.hint});
}

}  // namespace

void examine_published(const Context& context, Findings& findings) {
  const auto resolver = runtime::make_resolver(context.configuration.dns);
  if (!resolver) return;  // examine_dns() reports it
  const auto network = smtp::make_network();
  probe::Services services{.resolver = **resolver, .network = *network, .read_credentials = {}};
  services.limits = limits;
  std::size_t looked_at = 0;
  for (const net::DomainPattern& pattern : context.configuration.organization.accepted_domains) {
    if (pattern.kind() == net::DomainPattern::Kind::any) continue;
    if (++looked_at > max_domains) {
      return findings.note("published", "of the accepted domains the first " + std::to_string(max_domains) +
                                            " were looked at; for others: connectorctl dns DOMAIN");
    }
    const probe::DomainOptions options{.domain = pattern.name(),
                                       .ours = true,
                                       .host_name = context.configuration.server.host_name,
                                       .private_networks = context.configuration.validation.private_networks,
                                       .propose = false};
    for (const probe::Step& step : probe::check_incoming_tls(options, services).steps) {
      report(pattern.name(), step, findings);
    }
  }
}

}  // namespace connectord::doctor
