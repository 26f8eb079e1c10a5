#include "connectord/probe/domain_check.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "connectord/base/text.h"
#include "connectord/dns/lookups.h"
#include "connectord/dns/names.h"
#include "domain_checks.h"

namespace connectord::probe {
namespace {

// A name of the address that has the address (RFC 8601, 2.7.3).
void check_reverse_name(const DomainWork& work, const net::IpAddress& address) {
  dns::Resolver& resolver = work.steps.services().resolver;
  const auto answer = dns::ask(resolver, {dns::reverse_name(address), dns::Type::ptr});
  model::Finding finding{
      .check = model::check::dns_reverse,
      .expected = "a name of " + address.to_string() + ", from where we send, that has that address"};
  if (answer->is_temporary()) {
    finding.seen = to_string(answer->status);
    return work.not_known(std::move(finding));
  }
  const auto is_confirmed = [&](const std::string& name) {
    const auto found = dns::addresses_of(resolver, name).found;
    return std::find(found.begin(), found.end(), address) != found.end();
  };
  constexpr std::size_t max_names = 5;
  const std::size_t size = std::min(answer->names.size(), max_names);
  const auto confirmed =
      std::find_if(answer->names.begin(), answer->names.begin() + static_cast<std::ptrdiff_t>(size), is_confirmed);
  finding.seen = answer->names.empty() ? "none" : base::printable(base::joined(answer->names), 300);
  if (size > 0 && confirmed != answer->names.begin() + static_cast<std::ptrdiff_t>(size)) {
    return work.pass(model::check::dns_reverse, std::move(finding.expected), std::move(finding.seen));
  }
  finding.hint = "many receivers refuse mail from there; whoever gave you the address can set its PTR record";
  work.fail(std::move(finding));
  if (!answer->names.empty()) {
    work.publish.push_back(
        {base::printable(answer->names.front()) + ". IN " + (address.is_v4() ? "A " : "AAAA ") + address.to_string(),
         "the name that the address is called by must have the address"});
  } else if (work.options.host_name.find('.') != std::string::npos) {
    work.publish.push_back({dns::reverse_name(address) + ". IN PTR " + work.options.host_name + ".",
                            "reverse name, in the zone of whoever gave you the address"});
  }
}

std::string described(const Step& step) {
  return step.host + ": " + step.finding.check + ": " + step.finding.seen;
}

std::string counted(std::size_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

}  // namespace

std::string none_but(const std::vector<std::string>& texts) {
  constexpr std::size_t max_text = 200;
  return texts.empty() ? "none" : "none, but something else: " + base::printable(texts.front(), max_text);
}

void check_reverse_names_of(const DomainWork& work) {
  work.steps.at("Reverse names");
  for (const net::IpAddress& address : work.options.senders) check_reverse_name(work, address);
  if (!work.options.senders.empty()) return;
  work.not_applicable({.check = model::check::dns_reverse,
                       .expected = "the addresses from where the domain's mail leaves",
                       .seen = "none are known",
                       .hint = "give --address ADDRESS, also to see whether SPF names it"});
}

DomainReport check_domain(const DomainOptions& options, const Services& services) {
  StepLog steps(services, options.domain, Direction::outbound);
  DomainReport made;
  const DomainWork work{options, steps, made.publish};
  check_spf_of(work);
  check_dkim_of(work);
  check_dmarc_of(work);
  check_exchangers_of(work);
  check_tls_reporting_of(work);
  check_reverse_names_of(work);
  const std::string first = steps.obstacle() == nullptr ? "nothing is wrong" : described(*steps.obstacle());
  made.report = steps.finish({});
  const auto& taken = made.report.steps;
  const auto warnings = static_cast<std::size_t>(
      std::count_if(taken.begin(), taken.end(), [](const Step& step) { return step.warning; }));
  made.report.summary = first + (warnings > 0 ? ", " + counted(warnings, "warning") : "");
  return made;
}

Report check_incoming_tls(const DomainOptions& options, const Services& services) {
  StepLog steps(services, options.domain, Direction::outbound);
  std::vector<Publication> publish;
  const DomainWork work{options, steps, publish};
  check_exchangers_of(work);
  check_tls_reporting_of(work);
  return steps.finish({});
}

nlohmann::ordered_json to_json(const DomainReport& report) {
  nlohmann::ordered_json object;
  object["domain"] = report.report.connector;
  object["time"] = report.report.time;
  object["result"] = report.report.passed ? "passed" : "failed";
  object["summary"] = report.report.summary;
  object["checks"] = nlohmann::ordered_json::array();
  for (const Step& step : report.report.steps) object["checks"].push_back(to_json(step));
  object["publish"] = nlohmann::ordered_json::array();
  for (const auto& [line, reason] : report.publish) object["publish"].push_back({{"line", line}, {"reason", reason}});
  return object;
}

}  // namespace connectord::probe
