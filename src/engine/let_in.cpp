#include "let_in.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/engine/index.h"
#include "connectord/model/checks.h"

namespace connectord::engine {
namespace {

using model::DmarcMode;
using model::DmarcPolicy;
using model::DmarcResult;
using model::SpfResult;

bool spf_fails(const model::Authentication& results) {
  return results.spf && (results.spf->result == SpfResult::fail || results.spf->result == SpfResult::softfail ||
                         results.spf->result == SpfResult::permerror);
}

bool dkim_fails(const model::Authentication& results) {
  return results.dkim && std::any_of(results.dkim->begin(), results.dkim->end(),
                                     [](const auto& signature) { return signature.result == model::DkimResult::fail; });
}

bool dmarc_fails(const model::Authentication& results) {
  return results.dmarc &&
         (results.dmarc->result == DmarcResult::fail || results.dmarc->result == DmarcResult::permerror);
}

// "SPF, DKIM and DMARC fail"
std::string failures_of(const model::Authentication& results) {
  std::vector<std::string_view> names;
  if (spf_fails(results)) names.emplace_back("SPF");
  if (dkim_fails(results)) names.emplace_back("DKIM");
  if (dmarc_fails(results)) names.emplace_back("DMARC");
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text + (names.size() == 1 ? " fails" : " fail");
}

// Why DMARC has not refused it.
std::string reason_of(const Policy& policy, const model::Authentication& results, const model::Decision& decision) {
  if (!decision.dmarc_override.empty()) return decision.dmarc_override;
  if (policy.configuration().authentication.dmarc == DmarcMode::off || !results.dmarc) return "DMARC is not checked";
  const model::DmarcOutcome& dmarc = *results.dmarc;
  const std::string author = dmarc.from_domain.empty() ? "the author" : dmarc.from_domain;
  if (dmarc.result == DmarcResult::fail && !decision.quarantine.empty())
    return author + "'s policy asks to set it aside";
  if (dmarc.result == DmarcResult::fail && dmarc.testing && dmarc.published != dmarc.policy) {
    return author + "'s policy is being tested (t=y), so it counts as " + std::string(to_string(dmarc.policy));
  }
  if (dmarc.result == DmarcResult::fail) return author + "'s policy is " + std::string(to_string(dmarc.policy));
  return author + " publishes no DMARC policy";
}

bool is_from_us(const Policy& policy, const model::Facts& facts) {
  const auto& ours = policy.index().accepted_domains();
  const auto& dmarc = facts.authentication.dmarc;
  return ours.matches(facts.mail_from.domain) || (dmarc && ours.matches(dmarc->from_domain));
}

// The one setting that would refuse such mail, the narrowest first. Without anybody's names, so that the trace keeps
// each text once.
std::string remedy_for(const Policy& policy, const model::InboundConnector* connector, const model::Facts& facts,
                       const model::Decision& decision) {
  const model::Configuration& configuration = policy.configuration();
  const auto& dmarc = facts.authentication.dmarc;
  const bool has_policy = dmarc && dmarc->result == DmarcResult::fail && dmarc->policy != DmarcPolicy::none;
  if (connector != nullptr && connector->mode == model::Mode::audit) {
    return "mode = \"enforce\" in the connector would follow the author's policy, and what it requires";
  }
  if (has_policy && configuration.authentication.dmarc == DmarcMode::report) {
    return "dmarc = \"enforce\" in [authentication] would follow the author's policy";
  }
  if (connector == nullptr && !configuration.organization.reject_direct_send &&
      policy.index().accepted_domains().matches(facts.mail_from.domain)) {
    return "reject_direct_send = true in [organization] would refuse it";
  }
  if (!decision.dmarc_override.empty()) return "";
  if (is_from_us(policy, facts)) return "publish p=reject in the domain's DMARC record, and it would be refused";
  if (connector != nullptr) {
    return dmarc_fails(facts.authentication) ? "[inbound.require] dmarc = \"pass\" in the connector would refuse it"
                                             : "[inbound.require] spf = \"pass\" in the connector would refuse it";
  }
  return "a partner connector for the domain, with [inbound.require] dmarc = \"pass\", would refuse it";
}

}  // namespace

std::optional<model::Finding> explain_admission(const Policy& policy, const model::InboundConnector* connector,
                                                const model::Facts& facts, const model::Decision& decision) {
  const model::Authentication& results = facts.authentication;
  if (decision.action != model::Action::accept || (!spf_fails(results) && !dmarc_fails(results))) return std::nullopt;
  if (results.dmarc && results.dmarc->result == DmarcResult::pass) return std::nullopt;
  return model::Finding{
      .check = model::check::admission,
      .outcome = model::Outcome::result,
      .seen = "let in although " + failures_of(results) + ", since " + reason_of(policy, results, decision),
      .hint = remedy_for(policy, connector, facts, decision)};
}

}  // namespace connectord::engine
