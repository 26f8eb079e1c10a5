#include "connectord/engine/enhanced_filtering.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

#include "connectord/net/ascii_case.h"

namespace connectord::engine {
namespace {

using model::EnhancedFiltering;

// All recipients are in the pilot group; without a group, everybody is. One pass over each, since both may be long.
bool is_in_pilot(const EnhancedFiltering& filtering, const std::vector<std::string>& recipients) {
  if (filtering.recipients.empty()) return true;
  std::unordered_set<std::string> strangers;
  for (const std::string& recipient : recipients) strangers.insert(net::to_lower(recipient));
  for (const std::string& member : filtering.recipients) strangers.erase(net::to_lower(member));
  return strangers.empty();
}

bool is_listed(const EnhancedFiltering& filtering, const model::Facts& facts) {
  const auto& listed = filtering.skip_networks;
  return facts.client_address && std::any_of(listed.begin(), listed.end(), [&facts](const auto& range) {
           return range.contains(*facts.client_address);
         });
}

// Of the networks and the certificate that the connector requires, all that it names was there.
bool fulfils_source(const model::Decision& decision) {
  bool required = false;
  for (const model::Finding& finding : decision.findings) {
    if (finding.connector != decision.connector) continue;
    if (finding.check != "require.client_networks" && !finding.check.starts_with("require.certificate.")) continue;
    if (finding.outcome != model::Outcome::pass) return false;
    required = true;
  }
  return required;
}

}  // namespace

FilteringChoice filtering_of(const Policy& policy, const model::Decision& decision, const model::Facts& facts) {
  const model::InboundConnector* connector = policy.find(decision.connector);
  if (connector == nullptr || !connector->enhanced_filtering) return {};
  const EnhancedFiltering& filtering = *connector->enhanced_filtering;
  if (!is_in_pilot(filtering, facts.recipients)) return {nullptr, "not all recipients are in the pilot group"};
  const bool known = decision.identified_by != model::IdentifiedBy::sender_domain || is_listed(filtering, facts) ||
                     fulfils_source(decision);
  if (!known) return {nullptr, "identified by the sender's domain only, which anybody can write"};
  return {&filtering, {}};
}

}  // namespace connectord::engine
