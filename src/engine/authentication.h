#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectord/engine/policy.h"
#include "connectord/model/connector.h"
#include "connectord/model/decision.h"
#include "connectord/model/facts.h"

namespace connectord::engine {

// What became of a connector's require.spf, require.dkim and require.dmarc.
struct AuthenticationVerdict {
  model::Outcome outcome = model::Outcome::pass;
  std::string_view status;  // RFC 7372, without its class: "7.23"
  std::string complaint;    // what follows "Connector NAME "
};

// Checks the requirements whose results are known; each leaves a finding. Where several fail, the status says several.
AuthenticationVerdict check_authentication(const Policy& policy, const model::InboundConnector& connector,
                                           const model::Facts& facts, std::vector<model::Finding>& findings);

// What the author domain's DMARC policy asks for this message, and who has a say in it.
struct DmarcVerdict {
  model::Action action = model::Action::accept;
  model::Reply reply;               // for reject and defer
  std::string quarantine;           // the reason, for quarantine
  std::string_view dmarc_override;  // why the policy is not followed
};

// `connector` is the attribution, or nullptr. Every result leaves a finding, and so does every override.
DmarcVerdict follow_dmarc(const Policy& policy, const model::InboundConnector* connector,
                          model::IdentifiedBy identified_by, const model::Facts& facts,
                          std::vector<model::Finding>& findings);

// What was found of the protocols and the original client, for whoever reads the decision.
void record_authentication(const model::Facts& facts, std::vector<model::Finding>& findings);

}  // namespace connectord::engine
