#include "targets.h"

#include <algorithm>

#include "address_policy.h"
#include "connectord/base/text.h"
#include "connectord/dns/lookups.h"
#include "connectord/net/domain_name.h"
#include "connectord/net/special_addresses.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::Outcome;

constexpr std::uint16_t smtp_port = 25;

std::string with_ttl(std::string text, std::chrono::seconds ttl) {
  return std::move(text) + " (TTL " + std::to_string(ttl.count()) + " s)";
}

Outcome outcome_of(dns::Status status) {
  return status == dns::Status::timeout || status == dns::Status::error ? Outcome::temperror : Outcome::fail;
}

std::string hint_for(dns::Status status) {
  if (outcome_of(status) == Outcome::temperror) return "DNS does not tell now; see: connectorctl check, [dns]";
  return "the name is misspelt, or not in DNS as this machine sees it; /etc/hosts is not asked";
}

class Finder {
 public:
  Finder(const engine::Policy& policy, StepLog& steps)
      : ours_(policy.configuration().validation.private_networks), steps_(steps) {}

  void add_host(const std::string& name, std::uint16_t port, const std::string& domain, bool authenticated) {
    if (!has_room()) return;
    Target target{name, port, {}, domain, authenticated, authenticated, false};
    if (const auto address = net::IpAddress::parse(name)) {
      target.name.clear();
      target.addresses = {*address};
      targets_.push_back(std::move(target));
      return;
    }
    const dns::Addresses addresses = dns::addresses_of(steps_.services().resolver, name);
    steps_.at(to_string(target));
    report(name, addresses);
    target.authenticated = authenticated && addresses.authenticated;
    for (const net::IpAddress& address : addresses.found) {
      if (target.addresses.size() < max_addresses && may_reach(address)) target.addresses.push_back(address);
    }
    steps_.at({});
    if (!target.addresses.empty()) targets_.push_back(std::move(target));
  }

  void add_domain(const std::string& domain, std::uint16_t port) {
    const auto answer = dns::ask(steps_.services().resolver, {domain, dns::Type::mx});
    if (answer->status == dns::Status::nodata) {
      steps_.add({.check = model::check::dns_mx,
                  .outcome = Outcome::not_applicable,
                  .expected = "MX records of " + domain,
                  .seen = "none, so mail goes to the host of that name (RFC 5321, 5.1)"});
      add_exchanger(domain, port, domain, *answer);
      return;
    }
    report(domain, *answer);
    if (answer->status != dns::Status::found) return;
    auto exchangers = answer->exchangers;
    std::stable_sort(exchangers.begin(), exchangers.end());
    for (const auto& exchanger : exchangers) {
      if (const auto name = net::normalize_domain(exchanger.name)) add_exchanger(*name, port, domain, *answer);
    }
  }

  std::vector<Target> take() { return std::move(targets_); }

 private:
  bool has_room() const { return targets_.size() < max_targets && !steps_.is_over(); }

  // An address in an MX record is none (RFC 5321, 5.1), and would be a way round what may be reached.
  void add_exchanger(const std::string& name, std::uint16_t port, const std::string& domain,
                     const dns::Answer& answer) {
    if (!net::IpAddress::parse(name)) return add_host(name, port, domain, answer.authenticated);
    steps_.add({.check = model::check::dns_mx,
                .outcome = Outcome::fail,
                .expected = "the name of a host",
                .seen = "the address " + name,
                .hint = "the domain's MX record must name a host (RFC 5321, 5.1)"},
               Obstacle::not_resolved);
  }

  void report(const std::string& domain, const dns::Answer& answer) {
    Finding finding{.check = model::check::dns_mx, .expected = "MX records of " + domain};
    if (answer.status != dns::Status::found) {
      finding.outcome = outcome_of(answer.status);
      finding.seen = to_string(answer.status);
      finding.hint = hint_for(answer.status);
      return steps_.add(std::move(finding), Obstacle::not_resolved);
    }
    if (answer.exchangers.front().name.empty()) {
      finding.outcome = Outcome::fail;
      finding.seen = "the null MX (RFC 7505): the domain takes no mail";
      finding.hint = "ask the partner, or name smart hosts";
      return steps_.add(std::move(finding), Obstacle::rejected);
    }
    for (const auto& exchanger : answer.exchangers) {
      if (!finding.seen.empty()) finding.seen += ", ";
      finding.seen += std::to_string(exchanger.preference) + " " + base::printable(exchanger.name);
    }
    finding.seen = with_ttl(base::printable(finding.seen, 500), answer.ttl);
    steps_.add(std::move(finding));
  }

  void report(const std::string& name, const dns::Addresses& addresses) {
    Finding finding{.check = model::check::dns_address, .expected = "an address of " + name};
    if (addresses.found.empty()) {
      finding.outcome = outcome_of(addresses.status);
      finding.seen = to_string(addresses.status);
      finding.hint = hint_for(addresses.status);
      return steps_.add(std::move(finding), Obstacle::not_resolved);
    }
    for (const auto& address : addresses.found)
      finding.seen += (finding.seen.empty() ? "" : ", ") + address.to_string();
    finding.seen = with_ttl(base::printable(finding.seen, 500), addresses.ttl);
    steps_.add(std::move(finding));
  }

  bool may_reach(const net::IpAddress& address) {
    const std::string why = net::why_not_reached(address, ours_);
    if (why.empty()) return true;
    steps_.add({.check = model::check::dns_reach,
                .outcome = Outcome::fail,
                .expected = "an address of the public network",
                .seen = address.to_string() + " is " + why,
                .hint = "not tried; if it is ours, have the connector name the address, or add its network to "
                        "validation.private_networks"},
               Obstacle::not_allowed);
    return false;
  }

  const std::vector<net::AddressRange>& ours_;
  StepLog& steps_;
  std::vector<Target> targets_;
};

}  // namespace

sts::MailHost mail_host(const Target& target) {
  return {.name = target.name,
          .port = target.port,
          .domain = target.domain,
          .authenticated = target.authenticated,
          .name_is_authenticated = target.name_is_authenticated};
}

std::string to_string(const Target& target) {
  if (target.name.empty()) return to_string(target, target.addresses.front());
  return target.name + ":" + std::to_string(target.port);
}

std::string to_string(const Target& target, const net::IpAddress& address) {
  const std::string name = target.name.empty() ? "" : target.name + " ";
  return name + "[" + address.to_string() + "]:" + std::to_string(target.port);
}

std::vector<std::string> mx_domains(const model::OutboundConnector& connector, const std::string& recipient_domain) {
  if (!connector.route.smart_hosts.empty()) return {};
  if (!recipient_domain.empty()) return {recipient_domain};
  std::vector<std::string> domains;
  for (const auto& pattern : connector.recipient_domains) {
    if (!pattern.name().empty() && domains.size() < max_domains &&
        std::find(domains.begin(), domains.end(), pattern.name()) == domains.end()) {
      domains.push_back(pattern.name());
    }
  }
  return domains;
}

std::vector<Target> find_targets(const engine::Policy& policy, const model::OutboundConnector& connector,
                                 const std::string& recipient_domain, StepLog& steps) {
  Finder finder(policy, steps);
  for (const model::SmartHost& host : connector.route.smart_hosts) {
    const std::uint16_t port = host.port.value_or(smtp_port);
    host.look_up_mx ? finder.add_domain(host.host, port) : finder.add_host(host.host, port, {}, true);
  }
  const auto domains = mx_domains(connector, recipient_domain);
  for (const std::string& domain : domains) finder.add_domain(domain, smtp_port);
  if (connector.route.smart_hosts.empty() && domains.empty()) {
    steps.add({.check = model::check::dns_mx,
               .outcome = Outcome::temperror,
               .expected = "a recipient, by whose domain the host is found",
               .seen = "none, and the connector names no domain",
               .hint = "add --rcpt-to ADDRESS"},
              Obstacle::incomplete);
  }
  std::vector<Target> targets = finder.take();
  for (Target& target : targets) target.implicit_tls = connector.has_implicit_tls();
  return targets;
}

}  // namespace connectord::probe
