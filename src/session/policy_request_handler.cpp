#include "connectord/session/policy_request_handler.h"

#include <utility>

#include "connectord/engine/decide.h"
#include "message_log.h"
#include "message_trace.h"

namespace connectord::session {

Answer PolicyRequestHandler::ask(const PolicyRequest& request) {
  const model::Facts& facts = request.facts;
  if (facts.client_address && facts.client_port != 0) {
    const runtime::ConnectionKey key{*facts.client_address, facts.client_port};
    if (services_.live.attach_policy_facts(key, request.server_port, {facts.tls, facts.certificate})) return {};
  }
  const metrics::Stopwatch stopwatch(services_.metrics->stages.with({"policy_request"}));
  const auto policy = services_.policies.current().policy;
  model::Decision decision = engine::decide(*policy, facts);
  // What is accepted is not decided yet: the mail server goes on asking others.
  if (decision.action != model::Action::accept) keep_answer(services_, *policy, facts, request.queue_id, decision);
  const bool is_new = request.instance.empty() || request.instance != logged_instance_;
  if (is_new) {
    runtime::count_decision(*services_.metrics, facts, decision);
    log_decision(services_.log, request.queue_id, facts, decision, 0);
    logged_instance_ = request.instance;
  }
  return {decision.action, decision.reply};
}

}  // namespace connectord::session
