#include "connectord/engine/enhanced_filtering.h"

#include <algorithm>
#include <string>
#include <vector>

#include "connectord/base/ascii_case.h"
#include "connectord/engine/index.h"

namespace connectord::engine {
namespace {

// All recipients are in the pilot group; without a group, everybody is.
bool is_in_pilot(const ConnectorLists& lists, const std::vector<std::string>& recipients) {
  const auto& group = lists.pilot_group;
  if (group.empty()) return true;
  return std::all_of(recipients.begin(), recipients.end(),
                     [&group](const std::string& recipient) { return group.contains(base::to_lower(recipient)); });
}

bool is_listed(const ConnectorLists& lists, const model::Facts& facts) {
  return facts.client_address && lists.skip_rules.skip_networks.contains(*facts.client_address);
}

// Of the networks and the certificate that the connector requires, all that it names was there.
bool fulfils_source(const model::Decision& decision) {
  bool required = false;
  for (const model::Finding& finding : decision.findings) {
    if (finding.connector != decision.connector) continue;
    const bool is_source = finding.check == model::check::require_client_networks ||
                           model::check::is_certificate_requirement(finding.check);
    if (!is_source) continue;
    if (finding.outcome != model::Outcome::pass) return false;
    required = true;
  }
  return required;
}

}  // namespace

FilteringChoice filtering_of(const Policy& policy, const model::Decision& decision, const model::Facts& facts) {
  const model::InboundConnector* connector = policy.find(decision.connector);
  if (connector == nullptr || !connector->enhanced_filtering) return {};
  const ConnectorLists* lists = policy.index().lists_of(connector->name);
  if (lists == nullptr) return {};
  if (!is_in_pilot(*lists, facts.recipients)) {
    return {nullptr, nullptr, "not all recipients are in the pilot group"};
  }
  const bool known = decision.identified_by != model::IdentifiedBy::sender_domain || is_listed(*lists, facts) ||
                     fulfils_source(decision);
  if (!known) {
    return {nullptr, nullptr, "identified by the sender's domain only, which anybody can write"};
  }
  return {&*connector->enhanced_filtering, &lists->skip_rules, {}};
}

}  // namespace connectord::engine
