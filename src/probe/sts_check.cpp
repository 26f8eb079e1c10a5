#include "sts_check.h"

#include "connectord/base/ascii_case.h"
#include "connectord/dns/lookups.h"
#include "connectord/sts/https.h"
#include "reach.h"

namespace connectord::probe {
namespace {

using model::Finding;
using model::Outcome;

constexpr unsigned ok = 200;

// The one record of the domain; empty if it has none, or a warning says that what it has is none.
std::string find_record(const std::string& domain, Recorder& recorder) {
  const std::string name = "_mta-sts." + domain;
  const auto answer = dns::ask(recorder.services().resolver, {name, dns::Type::txt});
  std::vector<std::string> records;
  for (const std::string& text : answer->texts) {
    if (sts::is_sts_record(text)) records.push_back(text);
  }
  if (records.empty()) return {};
  Finding finding{.check = model::check::mta_sts_record, .expected = "one record of MTA-STS at " + name};
  if (records.size() > 1) {
    finding.outcome = Outcome::fail;
    finding.seen = std::to_string(records.size()) + " records, so that none counts";
    recorder.warn(std::move(finding));
    return {};
  }
  const auto id = sts::parse_sts_record(records.front());
  if (!id) {
    finding.outcome = Outcome::fail;
    finding.seen = id.error();
    recorder.warn(std::move(finding));
    return {};
  }
  finding.seen = "id " + *id;
  recorder.add(std::move(finding));
  return *id;
}

tl::expected<std::string, std::string> fetch(const std::string& host, const engine::Policy& policy,
                                             const tls::TrustStore& trusted, Recorder& recorder) {
  const dns::Addresses addresses = dns::addresses_of(recorder.services().resolver, host);
  if (addresses.found.empty()) return tl::unexpected(std::string(to_string(addresses.status)));
  const Services& services = recorder.services();
  const sts::HttpsClient client{.network = services.network,
                                .trusted = trusted,
                                .unix_time = services.unix_time(),
                                .connect_limit = services.limits.connect,
                                .reply_limit = services.limits.reply,
                                .deadline = [&recorder](auto limit) { return recorder.deadline(limit); }};
  std::string problem;
  for (const net::IpAddress& address : addresses.found) {
    const std::string why = why_not_reached(address, policy.configuration().validation.private_networks);
    if (!why.empty()) {
      problem = address.to_string() + " is " + why;
      continue;
    }
    auto answer = sts::https_get(host, address, "/.well-known/mta-sts.txt", sts::max_sts_policy_length, client);
    if (answer && answer->status != ok) return tl::unexpected("HTTP status " + std::to_string(answer->status));
    if (answer && !base::starts_with_ignoring_case(answer->content_type, "text/plain")) {
      return tl::unexpected(std::string("not text/plain"));
    }
    if (answer) return std::move(answer->body);
    problem = answer.error();
  }
  return tl::unexpected(std::move(problem));
}

}  // namespace

std::optional<sts::StsPolicy> ask_for_sts_policy(const std::string& domain, const engine::Policy& policy,
                                                 OutboundPlan& plan, Recorder& recorder) {
  if (find_record(domain, recorder).empty()) return std::nullopt;
  const std::string host = "mta-sts." + domain;
  Finding finding{.check = model::check::mta_sts_policy, .expected = "https://" + host + "/.well-known/mta-sts.txt"};
  if (!plan.system) {
    if (auto system = tls::TrustStore::of_system()) plan.system = std::move(*system);
  }
  const auto text = plan.system ? fetch(host, policy, *plan.system, recorder)
                                : tl::unexpected(std::string("the system's authorities cannot be read"));
  auto read = text ? sts::parse_sts_policy(*text) : tl::unexpected(text.error());
  if (!read) {
    finding.outcome = Outcome::fail;
    finding.seen = read.error();
    finding.hint = "senders go on without the policy; the partner should repair it";
    recorder.warn(std::move(finding));
    return std::nullopt;
  }
  read->domain = domain;
  finding.seen = "mode " + std::string(to_string(read->mode)) + ", ";
  for (std::size_t i = 0; i < read->mx.size() && i < 5; ++i) finding.seen += (i > 0 ? " " : "mx ") + read->mx[i];
  recorder.add(std::move(finding));
  return std::move(*read);
}

}  // namespace connectord::probe
