#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/smtp/smtp_client.h"
#include "host_check.h"
#include "route_check.h"
#include "sts_check.h"
#include "test_message.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::OutboundConnector;
using model::Outcome;

const OutboundConnector* find(const engine::Policy& policy, std::string_view name) {
  const auto& all = policy.configuration().outbound;
  const auto found = std::find_if(all.begin(), all.end(), [name](const auto& each) { return each.name == name; });
  return found == all.end() ? nullptr : &*found;
}

class Outbound {
 public:
  Outbound(const engine::Policy& policy, const OutboundConnector& connector, const OutboundOptions& options,
           const Services& services)
      : policy_(policy),
        plan_{connector, options, helo_name(policy), {}, {}, {}, {}},
        recorder_(services, connector.name, Direction::outbound) {}

  Report run() {
    if (!addresses_are_plain()) return recorder_.finish({});
    enabled();
    if (!plan_.options.recipient.empty()) check_route(policy_, plan_.connector, plan_.options.recipient, recorder_);
    if (read_files()) {
      const std::string domain = domain_of(plan_.options.recipient);
      const auto targets = find_targets(policy_, plan_.connector, domain, recorder_);
      policies(targets);
      for (const Target& target : targets) {
        if (recorder_.is_over()) {
          tell_that_time_is_over();
          break;
        }
        allowed_by_policy(target);
        check_host(plan_, target, recorder_);
      }
      hosts_ = targets.size();
      if (plan_.options.send) arrival_ = send_test_message(policy_, plan_, targets, recorder_);
    }
    if (!arrival_.empty()) return recorder_.finish(arrival_);
    return recorder_.finish("passed: " + std::to_string(hosts_) + (hosts_ == 1 ? " host" : " hosts") +
                            (plan_.options.recipient.empty() ? "" : ", the recipient is accepted"));
  }

 private:
  // As the mail server's smtp_helo_name: this host's name.
  static std::string helo_name(const engine::Policy& policy) {
    return net::normalize_domain(policy.configuration().server.host_name).value_or("localhost");
  }

  bool addresses_are_plain() {
    for (const std::string& address : {plan_.options.recipient, plan_.options.sender}) {
      if (address.empty() || smtp::is_plain_address(address)) continue;
      recorder_.add({.check = model::check::address,
                     .outcome = Outcome::fail,
                     .expected = "an address such as user@contoso.com, in ASCII",
                     .seen = base::printable(address)},
                    Obstacle::incomplete);
      return false;
    }
    return true;
  }

  void enabled() {
    if (plan_.connector.enabled) return;
    recorder_.warn({.check = model::check::outbound_enabled,
                    .outcome = Outcome::not_applicable,
                    .expected = "enabled = true",
                    .seen = "the connector is disabled, so no mail leaves by it",
                    .hint = "enable it when all is well"});
  }

  bool read_files() {
    const Services& services = recorder_.services();
    const std::string file = plan_.connector.tls ? plan_.connector.tls->ca_file : "";
    auto trusted = file.empty() ? tls::TrustStore::of_system() : tls::TrustStore::from_file(file);
    if (trusted) {
      plan_.trusted = std::move(*trusted);
    } else {
      recorder_.add({.check = model::check::outbound_tls_ca_file,
                     .outcome = Outcome::fail,
                     .expected = "authorities in PEM",
                     .seen = trusted.error(),
                     .hint = "the mail server must be able to read it, too"},
                    Obstacle::certificate);
    }
    const std::string& file_with_secret = plan_.connector.route.credentials;
    if (file_with_secret.empty()) return true;
    auto read = services.read_credentials(file_with_secret);
    if (read) {
      plan_.credentials = std::move(*read);
      return true;
    }
    recorder_.add({.check = model::check::outbound_route_credentials,
                   .outcome = Outcome::fail,
                   .expected = "user:password in " + file_with_secret,
                   .seen = read.error()},
                  Obstacle::not_authenticated);
    return false;
  }

  void policies(const std::vector<Target>& targets) {
    std::vector<std::string> domains;
    for (const Target& target : targets) {
      if (target.domain.empty() || std::find(domains.begin(), domains.end(), target.domain) != domains.end()) continue;
      domains.push_back(target.domain);
    }
    for (const std::string& domain : domains) {
      if (auto policy = ask_for_sts_policy(domain, policy_, plan_, recorder_))
        plan_.policies.push_back(std::move(*policy));
    }
  }

  void allowed_by_policy(const Target& target) {
    const sts::StsPolicy* policy = plan_.policy_of(target.domain);
    if (policy == nullptr || policy->mode == sts::StsPolicy::Mode::none) return;
    Finding finding{.check = model::check::mta_sts_host,
                    .expected = "a host of the MTA-STS policy of " + target.domain,
                    .seen = target.name};
    recorder_.at(to_string(target));
    if (allows(*policy, target.name)) return recorder_.add(std::move(finding));
    finding.outcome = Outcome::fail;
    finding.hint = "the partner's MX record and policy differ, or somebody changed the MX record on the way";
    if (policy->mode == sts::StsPolicy::Mode::enforce) return recorder_.add(std::move(finding), Obstacle::sts_policy);
    recorder_.warn(std::move(finding));
  }

  void tell_that_time_is_over() {
    recorder_.add({.check = model::check::time,
                   .outcome = Outcome::temperror,
                   .expected = "all hosts within " + smtp::duration_text(recorder_.services().limits.whole),
                   .seen = "some hosts were not tried"},
                  Obstacle::incomplete);
  }

  const engine::Policy& policy_;
  OutboundPlan plan_;
  Recorder recorder_;
  std::size_t hosts_ = 0;
  std::string arrival_;  // of the test message, in words
};

}  // namespace

std::optional<Report> validate_outbound(const engine::Policy& policy, std::string_view name,
                                        const OutboundOptions& options, const Services& services) {
  const OutboundConnector* connector = find(policy, name);
  if (connector == nullptr) return std::nullopt;
  return Outbound(policy, *connector, options, services).run();
}

}  // namespace connectord::probe
