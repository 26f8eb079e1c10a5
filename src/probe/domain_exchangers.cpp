#include <algorithm>

#include "connectord/base/text.h"
#include "connectord/dns/lookups.h"
#include "connectord/dns/names.h"
#include "connectord/sts/tls_reporting.h"
#include "connectord/sts/tlsa.h"
#include "domain_checks.h"
#include "host_check.h"
#include "sts_check.h"

namespace connectord::probe {
namespace {

// What sends mail to the domain as anybody would: by MX, and with TLS where there is TLS.
model::Configuration strangers_configuration(const DomainOptions& options) {
  model::OutboundConnector connector;
  connector.name = options.domain;
  if (auto pattern = net::DomainPattern::parse(options.domain)) connector.recipient_domains = {*pattern};
  model::Configuration configuration;
  configuration.server.host_name = options.host_name;
  configuration.validation.private_networks = options.private_networks;
  configuration.outbound.push_back(std::move(connector));
  return configuration;
}

class Exchangers {
 public:
  explicit Exchangers(const DomainWork& work)
      : work_(work), policy_(strangers_configuration(work.options)), plan_{policy_.configuration().outbound.front(),
                                                                           mail_,
                                                                           work.options.host_name,
                                                                           "this system",
                                                                           {},
                                                                           {},
                                                                           {},
                                                                           {},
                                                                           {}} {
    mail_.recipient = "postmaster@" + work.options.domain;  // which is always there (RFC 5321, 4.5.1)
    mail_.ours = work.options.ours;
    if (plan_.helo.empty()) plan_.helo = "localhost";
    if (auto system = tls::TrustStore::of_system()) plan_.trusted = std::move(*system);
  }

  void run() {
    const std::string& domain = work_.options.domain;
    work_.steps.at("MX");
    const auto targets = find_targets(policy_, plan_.connector, domain, work_.steps);
    for (const Target& target : targets) alias(target);
    if (work_.options.connect) {
      work_.steps.at("MTA-STS");
      auto policy = ask_for_sts_policy(domain, policy_, plan_, work_.steps);
      if (policy) plan_.policies.push_back(std::move(*policy));
      for (const Target& target : targets) hosts(target);
    }
    if (targets.empty() || !work_.options.propose) return;
    work_.steps.at("MTA-STS");
    propose_sts(targets);
    for (const Target& target : targets) propose_tlsa(target);
  }

 private:
  // RFC 2181, 10.3
  void alias(const Target& target) const {
    const auto answer = dns::ask(work_.steps.services().resolver, {target.name, dns::Type::cname});
    if (answer->names.empty()) return;
    work_.steps.at("MX");
    work_.warn({.check = model::check::dns_mx_alias,
                .expected = "a name with addresses of its own",
                .seen = target.name + " is an alias of " + base::printable(answer->names.front()),
                .hint = "an MX record must not name an alias (RFC 2181, 10.3)"});
  }

  void hosts(const Target& target) {
    if (work_.steps.is_over()) return;
    const sts::StsPolicy* policy = plan_.policy_of(target.domain);
    if (policy != nullptr && policy->mode != sts::StsPolicy::Mode::none && !allows(*policy, target.name)) {
      work_.steps.at(to_string(target));
      work_.fail({.check = model::check::mta_sts_host,
                  .expected = "a host of the domain's MTA-STS policy",
                  .seen = target.name,
                  .hint = "senders that follow the policy give it no mail"});
    }
    check_host(plan_, target, work_.steps);
  }

  void propose_sts(const std::vector<Target>& targets) const {
    const std::string& domain = work_.options.domain;
    const std::string name = "_mta-sts." + domain;
    const auto answer = dns::ask(work_.steps.services().resolver, {name, dns::Type::txt});
    if (std::any_of(answer->texts.begin(), answer->texts.end(), sts::is_sts_record)) return;
    std::string hosts;
    for (const Target& target : targets) hosts += "mx: " + target.name + ", ";
    work_.warn({.check = model::check::mta_sts_record,
                .expected = "a policy by which senders insist on TLS (RFC 8461)",
                .seen = none_but(answer->texts),
                .hint = "without it and without DANE, whoever sits on the way can take TLS away"});
    work_.publish.push_back({dns::txt_line(name, "v=STSv1; id=" + std::to_string(work_.steps.services().unix_time())),
                             "MTA-STS: with https://mta-sts." + domain +
                                 "/.well-known/mta-sts.txt, whose lines are: version: STSv1, mode: testing, " + hosts +
                                 "max_age: 604800"});
  }

  // Only where DNSSEC vouches for the host; elsewhere nobody may believe such a record (RFC 7672, 2.2).
  void propose_tlsa(const Target& target) const {
    if (!target.authenticated) return;
    const sts::TlsaRecords records = sts::find_tlsa(work_.steps.services().resolver, mail_host(target));
    if (!records.answer->associations.empty() || records.answer->is_temporary()) return;
    const std::string& name = records.asked.back();
    for (const SeenCertificate& seen : work_.steps.certificates()) {
      if (!seen.host.starts_with(target.name + " ") || seen.public_key_sha256.empty()) continue;
      work_.publish.push_back({name + ". IN TLSA 3 1 1 " + seen.public_key_sha256,
                               "DANE: the key that the host shows now; renew certificates with the same key, or change "
                               "the record before"});
      return;
    }
  }

  const DomainWork& work_;
  OutboundOptions mail_;
  engine::Policy policy_;
  OutboundPlan plan_;
};

}  // namespace

void check_exchangers_of(const DomainWork& work) {
  Exchangers(work).run();
}

void check_tls_reporting_of(const DomainWork& work) {
  const std::string name = "_smtp._tls." + work.options.domain;
  work.steps.at("TLSRPT");
  const auto answer = dns::ask(work.steps.services().resolver, {name, dns::Type::txt});
  std::vector<std::string> records;
  std::copy_if(answer->texts.begin(), answer->texts.end(), std::back_inserter(records), sts::is_tls_reporting_record);
  model::Finding finding{.check = model::check::tlsrpt_record, .expected = "one record at " + name + " (RFC 8460)"};
  if (answer->is_temporary()) {
    finding.seen = to_string(answer->status);
    return work.not_known(std::move(finding));
  }
  if (records.size() == 1) {
    const auto addresses = sts::parse_tls_reporting_record(records.front());
    finding.seen = base::printable(addresses ? base::joined(*addresses) : addresses.error(), 300);
    if (addresses) return work.pass(model::check::tlsrpt_record, std::move(finding.expected), std::move(finding.seen));
    return work.warn(std::move(finding));
  }
  if (records.empty() && !work.options.propose) return;
  finding.seen =
      records.empty() ? none_but(answer->texts) : std::to_string(records.size()) + " records, so that none counts";
  finding.hint = "nobody tells you of mail that is not delivered because of TLS";
  work.warn(std::move(finding));
  if (!records.empty()) return;
  work.publish.push_back({dns::txt_line(name, "v=TLSRPTv1; rua=mailto:postmaster@" + work.options.domain),
                          "TLSRPT: daily reports about TLS of mail to you"});
}

}  // namespace connectord::probe
