#include "connectord/delivery/look.h"

#include <utility>

#include "connectord/sts/policy_fetch.h"

namespace connectord::delivery {
namespace {

// Into `found.policy` and what goes with it. True where it is not known whether there is one.
bool look_for_policy(Look& found, const LookTools& tools) {
  const std::string& domain = found.question.next_hop.host;
  const sts::StsRecord record = sts::find_sts_record(tools.resolver, domain);
  found.record_id = record.id;
  found.problem = record.problem;
  if (const sts::KeptPolicy* kept = tools.kept.find(domain, tools.now)) {
    found.policy = *kept;
    found.is_kept = true;
    if (record.id.empty() || record.id == kept->id) return false;
  }
  if (record.id.empty()) return record.is_temporary && !found.policy;
  auto fetched = sts::fetch_sts_policy(domain, tools.resolver, tools.client, tools.private_networks);
  if (!fetched) {
    found.problem = "its MTA-STS policy cannot be had: " + fetched.error();
    return false;
  }
  found.is_kept = false;
  found.policy = sts::KeptPolicy{
      .policy = std::move(*fetched), .id = record.id, .fetched = tools.now, .used = tools.now, .not_before = 0};
  return false;
}

}  // namespace

Look look(const Question& question, const LookTools& tools) {
  using State = StsFinding::State;
  Look found;
  found.question = question;
  if (question.wish.dane) found.dane = sts::find_dane(tools.resolver, question.next_hop);
  StsFinding finding{State::none, nullptr, "no record of MTA-STS"};
  if (question.wish.mta_sts) {
    const bool is_unknown = look_for_policy(found, tools);
    if (is_unknown) finding.state = State::unknown;
    if (!found.problem.empty()) finding.words = found.problem;
    if (found.policy) finding = {State::kept, &found.policy->policy, {}};
  }
  found.advice = decide(question.wish, found.dane, finding);
  return found;
}

}  // namespace connectord::delivery
