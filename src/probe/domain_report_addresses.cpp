// Whether those who get a domain's DMARC reports want them (RFC 9990, 4; before that RFC 7489, 7.1).
#include <algorithm>
#include <map>

#include "connectord/auth/dmarc_walk.h"
#include "connectord/auth/report_uri.h"
#include "connectord/base/text.h"
#include "connectord/dns/lookups.h"
#include "connectord/dns/names.h"
#include "domain_checks.h"

namespace connectord::probe {
namespace {

constexpr std::size_t max_report_addresses = 20;  // of a tag; reporters need not serve more than two
constexpr std::string_view authorization = "v=DMARC1";

// "rua", or "rua, ruf": by which tags reports go to a domain.
using Targets = std::map<std::string, std::string>;

void add_targets(const DomainWork& work, std::string_view tag, std::string_view list, Targets& targets) {
  for (const auth::ReportUri& uri : auth::parse_report_uris(list, max_report_addresses)) {
    if (uri.domain.empty()) {
      work.warn({.check = model::check::dmarc_report_address,
                 .expected = std::string(tag) + "=mailto:… with the address of somebody who reads reports",
                 .seen = base::printable(uri.text, 200),
                 .hint = "no reports go there: take it out, or write an address"});
      continue;
    }
    std::string& tags = targets[uri.domain];
    if (tags.find(tag) == std::string::npos) tags += (tags.empty() ? "" : ", ") + std::string(tag);
  }
}

auth::TreeWalk walk(const DomainWork& work, const std::string& domain) {
  using State = auth::TreeWalk::State;
  return gathered(work.steps.services().resolver, [&](dns::DnsAnswers& dns_answers) {
    auth::TreeWalk walk = auth::walk_tree(domain, dns_answers);
    return walk.state == State::waiting ? std::nullopt : std::optional(std::move(walk));
  });
}

// A wildcard below "_report._dmarc" answers as a record of its own does.
void check_target(const DomainWork& work, const std::string& target, const std::string& tags,
                  const ReportingDomain& from) {
  const auth::TreeWalk found = walk(work, target);
  const std::string name = auth::report_authorization_name(from.domain, target);
  model::Finding finding{.check = model::check::dmarc_report_authorization,
                         .expected = target + " takes reports about " + from.domain + " (" + tags + "): " + name +
                                     " TXT " + std::string(authorization)};
  const bool is_known = found.state == auth::TreeWalk::State::complete;
  if (is_known && found.organizational_domain == from.organization) return;
  const auto answer = dns::ask(work.steps.services().resolver, {name, dns::Type::txt});
  const bool authorized = std::any_of(answer->texts.begin(), answer->texts.end(), [](const std::string& text) {
    return auth::parse_dmarc_record(text).has_value();
  });
  if (authorized) return work.pass(model::check::dmarc_report_authorization, std::move(finding.expected), "authorized");
  if (answer->is_temporary() || !is_known) {
    finding.seen = answer->is_temporary() ? std::string(to_string(answer->status)) : found.problem;
    finding.hint = "whether reports go there is not known now; try again later";
    return work.not_known(std::move(finding));
  }
  if (answer->status == dns::Status::invalid) {
    finding.seen = "too long a name for DNS";
    finding.hint = "nobody can authorize it: name an address of another domain";
    return work.warn(std::move(finding));
  }
  finding.seen = answer->texts.empty() ? "none" : base::printable(answer->texts.front(), 200);
  finding.hint = "reporters send nothing there; whoever runs " + target + " must publish the record";
  work.warn(std::move(finding));
  work.publish.push_back({dns::txt_line(name, authorization),
                          "DMARC: in the zone of " + target + ", by whoever runs it: it takes your reports"});
}

}  // namespace

void check_report_addresses(const DomainWork& work, const auth::DmarcRecord& record, const ReportingDomain& from) {
  Targets targets;
  add_targets(work, "rua", record.aggregate_reports, targets);
  add_targets(work, "ruf", record.failure_reports, targets);
  for (const auto& [target, tags] : targets) check_target(work, target, tags, from);
}

}  // namespace connectord::probe
