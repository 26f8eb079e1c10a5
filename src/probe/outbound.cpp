#include <algorithm>
#include <cstdint>

#include "connectord/base/files.h"
#include "connectord/base/text.h"
#include "connectord/config/named_files.h"
#include "connectord/model/entry_named.h"
#include "connectord/smtp/smtp_client.h"
#include "connectord/tls/certificate.h"
#include "host_check.h"
#include "route_check.h"
#include "sts_check.h"
#include "test_message.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::OutboundConnector;
using model::Outcome;

class Outbound {
 public:
  Outbound(const engine::Policy& policy, const OutboundConnector& connector, const OutboundOptions& options,
           const Services& services)
      : policy_(policy),
        plan_{connector,
              options,
              helo_name(policy),
              {},
              {},
              {},
              {},
              {},
              {},
              delivery::wish_of(policy.configuration(), &connector)},
        steps_(services, connector.name, Direction::outbound) {}

  Report run() {
    if (!addresses_are_plain()) return steps_.finish({});
    enabled();
    if (!plan_.options.recipient.empty()) check_route(policy_, plan_.connector, plan_.options.recipient, steps_);
    if (read_files()) {
      const std::string domain = domain_of(plan_.options.recipient);
      const auto targets = find_targets(policy_, plan_.connector, domain, steps_);
      policies(targets);
      for (const Target& target : targets) {
        if (steps_.is_over()) {
          report_that_time_is_over();
          break;
        }
        allowed_by_policy(target);
        check_host(plan_, target, steps_);
      }
      hosts_ = targets.size();
      if (plan_.options.send) arrival_ = send_test_message(policy_, plan_, targets, steps_);
    }
    if (!arrival_.empty()) return steps_.finish(arrival_);
    return steps_.finish("passed: " + std::to_string(hosts_) + (hosts_ == 1 ? " host" : " hosts") +
                             (plan_.options.recipient.empty() ? "" : ", the recipient is accepted"),
                         hosts_ > 0 || !lacks_an_argument());
  }

 private:
  // What was found is that more must be given, such as a recipient.
  bool lacks_an_argument() const {
    const Step* first = steps_.obstacle();
    return first == nullptr || first->obstacle == Obstacle::incomplete;
  }

  // As the mail server's smtp_helo_name: this host's name.
  static std::string helo_name(const engine::Policy& policy) {
    return net::normalize_domain(policy.configuration().server.host_name).value_or("localhost");
  }

  bool addresses_are_plain() {
    for (const std::string& address : {plan_.options.recipient, plan_.options.sender}) {
      if (address.empty() || smtp::is_plain_address(address)) continue;
      steps_.add({.check = model::check::address,
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
    steps_.warn({.check = model::check::outbound_enabled,
                 .outcome = Outcome::not_applicable,
                 .expected = "enabled = true",
                 .seen = "the connector is disabled, so no mail leaves by it",
                 .hint = "enable it when all is well"});
  }

  // As the mail server: the connector's file, else what it trusts by itself.
  tl::expected<tls::TrustStore, std::string> authorities() {
    const std::string file = plan_.connector.tls ? plan_.connector.tls->ca_file : "";
    const auto& trust = steps_.services().trust;
    plan_.trusts = file.empty() ? (trust ? trust->words : "this system") : file;
    if (!file.empty()) {
      return config::read_named_file(policy_.configuration(), plan_.connector.location, file,
                                     [&file] { return tls::TrustStore::from_file(file); });
    }
    if (!trust) return tls::TrustStore::of_system();
    if (!trust->problem.empty()) return tl::unexpected(trust->problem);
    return tls::TrustStore::of(trust->anchors, trust->system);
  }

  bool read_files() {
    const Services& services = steps_.services();
    auto trusted = authorities();
    if (trusted) {
      plan_.trusted = std::move(*trusted);
    } else {
      steps_.add({.check = model::check::outbound_tls_ca_file,
                  .outcome = Outcome::fail,
                  .expected = "authorities in PEM",
                  .seen = trusted.error(),
                  .hint = "the mail server must be able to read it, too"},
                 Obstacle::certificate);
    }
    read_identity();
    const std::string& file_with_secret = plan_.connector.route.credentials;
    if (file_with_secret.empty()) return true;
    auto read = services.read_credentials(file_with_secret);
    if (read) {
      plan_.credentials = std::move(*read);
      return true;
    }
    steps_.add({.check = model::check::outbound_route_credentials,
                .outcome = Outcome::fail,
                .expected = "user:password in " + file_with_secret,
                .seen = read.error()},
               Obstacle::not_authenticated);
    return false;
  }

  tl::expected<std::string, std::string> read_named(const std::string& file) const {
    return config::read_named_text(policy_.configuration(), plan_.connector.location, file);
  }

  // The mail server reads both as root. Who asks may not, and then the server is tried without.
  void read_identity() {
    if (!plan_.connector.tls || plan_.connector.tls->certificate.empty()) return;
    const std::string& certificate = plan_.connector.tls->certificate;
    const std::string& key = plan_.connector.tls->key;
    Finding finding{.check = model::check::outbound_tls_certificate, .expected = "our certificate, and its key"};
    const auto read = read_named(certificate).and_then([](const std::string& text) { return tls::read_pem(text); });
    const auto secret = read_named(key);
    if (read && secret) {
      const tls::Certificate& shown = read->front();
      plan_.identity = smtp::Identity{certificate, key};
      const std::int64_t left = shown.not_after - steps_.services().unix_time();
      finding.seen =
          base::printable(shown.subject) + (left < 0 ? ", ended " : ", ends ") + tls::time_text(shown.not_after);
      finding.hint = left < renewal_time ? "renew it, and: postfix reload" : "";
      finding.outcome = left < 0 ? Outcome::fail : Outcome::pass;
      if (left < 0) return steps_.add(std::move(finding), Obstacle::certificate);
      return left < renewal_time ? steps_.warn(std::move(finding)) : steps_.add(std::move(finding));
    }
    finding.outcome = Outcome::not_applicable;
    finding.seen = !read ? certificate + ": " + read.error() : key + ": " + secret.error();
    finding.hint =
        config::is_read_as_user(policy_.configuration(), plan_.connector.location)
            ? "the mail server reads it as root; to have it tried here, too, run that"
            : "the mail server reads it as root; run connectorctl validate as root, or let server.user read it";
    steps_.warn(std::move(finding));
  }

  void policies(const std::vector<Target>& targets) {
    std::vector<std::string> domains;
    for (const Target& target : targets) {
      if (target.domain.empty() || std::find(domains.begin(), domains.end(), target.domain) != domains.end()) continue;
      domains.push_back(target.domain);
    }
    for (const std::string& domain : domains) {
      if (auto policy = ask_for_sts_policy(domain, policy_, plan_, steps_))
        plan_.policies.push_back(std::move(*policy));
      if (plan_.wish.must_have_policy) must_have_policy(domain);
    }
  }

  void must_have_policy(const std::string& domain) {
    const sts::StsPolicy* policy = plan_.policy_of(domain);
    if (policy != nullptr && policy->mode == sts::StsPolicy::Mode::enforce) return;
    Finding finding{.check = model::check::mta_sts_policy,
                    .outcome = Outcome::fail,
                    .expected = "an MTA-STS policy of " + domain + " with mode enforce",
                    .seen = policy == nullptr ? "none" : "mode " + std::string(to_string(policy->mode)),
                    .hint = "mail waits without it; ask the partner, or use another level"};
    // TLSA records of its hosts would do instead.
    plan_.wish.dane ? steps_.warn(std::move(finding)) : steps_.add(std::move(finding), Obstacle::sts_policy);
  }

  void allowed_by_policy(const Target& target) {
    const sts::StsPolicy* policy = plan_.policy_of(target.domain);
    if (policy == nullptr || policy->mode == sts::StsPolicy::Mode::none) return;
    Finding finding{.check = model::check::mta_sts_host,
                    .expected = "a host of the MTA-STS policy of " + target.domain,
                    .seen = target.name};
    steps_.at(to_string(target));
    if (allows(*policy, target.name)) return steps_.add(std::move(finding));
    finding.outcome = Outcome::fail;
    finding.hint = "the partner's MX record and policy differ, or somebody changed the MX record on the way";
    const bool counts = policy->mode == sts::StsPolicy::Mode::enforce && plan_.goes_by_policies();
    if (counts) return steps_.add(std::move(finding), Obstacle::sts_policy);
    steps_.warn(std::move(finding));
  }

  void report_that_time_is_over() {
    steps_.add({.check = model::check::time,
                .outcome = Outcome::temperror,
                .expected = "all hosts within " + smtp::duration_text(steps_.services().limits.whole),
                .seen = "some hosts were not tried"},
               Obstacle::incomplete);
  }

  const engine::Policy& policy_;
  OutboundPlan plan_;
  StepLog steps_;
  std::size_t hosts_ = 0;
  std::string arrival_;  // of the test message, in words
};

}  // namespace

std::optional<Report> validate_outbound(const engine::Policy& policy, std::string_view name,
                                        const OutboundOptions& options, const Services& services) {
  const OutboundConnector* connector = model::entry_named(policy.configuration().outbound, name);
  if (connector == nullptr) return std::nullopt;
  return Outbound(policy, *connector, options, services).run();
}

}  // namespace connectord::probe
