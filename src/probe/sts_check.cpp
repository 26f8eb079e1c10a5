#include "sts_check.h"

#include <chrono>
#include <cstdint>
#include <string>

#include "connectord/base/time.h"
#include "connectord/sts/policy_fetch.h"
#include "connectord/tls/certificate.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::Outcome;

// True if the domain has a record that counts; a warning says why another one does not.
bool has_record(const std::string& domain, StepLog& steps) {
  const sts::StsRecord record = sts::find_sts_record(steps.services().resolver, domain);
  if (record.is_temporary || (record.id.empty() && record.problem.empty())) return false;
  Finding finding{.check = model::check::mta_sts_record, .expected = "one record of MTA-STS at _mta-sts." + domain};
  if (record.id.empty()) {
    finding.outcome = Outcome::fail;
    finding.seen = record.problem;
    steps.warn(std::move(finding));
    return false;
  }
  finding.seen = "id " + record.id;
  steps.add(std::move(finding));
  return true;
}

tl::expected<sts::StsPolicy, std::string> fetch(const std::string& domain, const engine::Policy& policy,
                                                const OutboundPlan& plan, StepLog& steps) {
  if (!plan.system) return tl::unexpected(std::string("the system's authorities cannot be read"));
  const Services& services = steps.services();
  const sts::HttpsClient client{.network = services.network,
                                .trusted = *plan.system,
                                .unix_time = services.unix_time(),
                                .connect_limit = services.limits.connect,
                                .reply_limit = services.limits.reply,
                                .deadline = [&steps](auto limit) { return steps.deadline(limit); }};
  return sts::fetch_sts_policy(domain, services.resolver, client, policy.configuration().validation.private_networks);
}

// Where it ends, senders cannot have the policy any more, and go by the last one until that ends too.
void watch_certificate(const std::string& host, std::int64_t end, StepLog& steps) {
  const std::int64_t left = end - steps.services().unix_time();
  if (left > renewal_time) return;
  steps.warn({.check = model::check::certificate_validity,
              .outcome = Outcome::fail,
              .expected = "a certificate of " + host + " that is valid for another month",
              .seen = "until " + tls::time_text(end) + ", " + std::to_string(left / base::day_seconds) + " days left",
              .hint = "renew it: without it nobody can have the policy"});
}

// "7 days"; a policy of less than one protects hardly anybody, as senders forget it between two messages.
std::string described(std::chrono::seconds max_age) {
  const auto days = max_age.count() / base::day_seconds;
  return days > 0 ? std::to_string(days) + (days == 1 ? " day" : " days") : std::to_string(max_age.count()) + " s";
}

}  // namespace

std::optional<sts::StsPolicy> ask_for_sts_policy(const std::string& domain, const engine::Policy& policy,
                                                 OutboundPlan& plan, StepLog& steps) {
  if (!has_record(domain, steps)) return std::nullopt;
  Finding finding{.check = model::check::mta_sts_policy, .expected = sts::sts_policy_url(domain)};
  if (!plan.system) {
    if (auto system = tls::TrustStore::of_system()) plan.system = std::move(*system);
  }
  auto read = fetch(domain, policy, plan, steps);
  if (!read) {
    finding.outcome = Outcome::fail;
    finding.seen = read.error();
    finding.hint = plan.options.ours ? "senders go on without the policy, or by the last one that they had: repair it"
                                     : "senders go on without the policy; the partner should repair it";
    steps.warn(std::move(finding));
    return std::nullopt;
  }
  finding.seen = "mode " + std::string(to_string(read->mode)) + ", ";
  for (std::size_t i = 0; i < read->mx.size() && i < 5; ++i) finding.seen += (i > 0 ? " " : "mx ") + read->mx[i];
  finding.seen += ", for " + described(read->max_age);
  steps.add(std::move(finding));
  watch_certificate(sts::sts_policy_host(domain), read->certificate_end, steps);
  return std::move(*read);
}

}  // namespace connectord::probe
