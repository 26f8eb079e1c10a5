#pragma once

#include <atomic>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/api/api.h"
#include "connectord/api/audit_log.h"
#include "gatekeeper.h"
#include "json_body.h"
#include "problem.h"
#include "sessions.h"
#include "target.h"

// What the handlers of requests share.
namespace connectord::api {

struct Context {
  Api::Setup setup;
  AuditLog audit;
  Sessions& sessions;
  Gatekeeper& gatekeeper;
  std::atomic<int> explanations = 0;  // under way
  std::atomic<int> examinations = 0;
  std::atomic<int> domain_checks = 0;
};

// One request that may be answered: the route is found, the caller may do this, the body is read.
struct Call {
  const Request& request;
  Target target;
  std::string id;  // of the path's {id}; empty where it has none
  Caller caller;
  Json body;  // null where the route takes none
};

template <class T>
using Answered = tl::expected<T, Response>;

// 200 with JSON.
Response json_response(const Json& json, unsigned status = 200);

// src/api/connectors.cpp
Response list_connectors(Context& context, const Call& call);
Response get_connector(Context& context, const Call& call);
// src/api/changes.cpp
Response create_connector(Context& context, const Call& call);
Response replace_connector(Context& context, const Call& call);
Response set_status(Context& context, const Call& call);
Response delete_connector(Context& context, const Call& call);
Response check_connector(Context& context, const Call& call);
Response get_place(Context& context, const Call& call);
Response get_rule_place(Context& context, const Call& call);
Response create_rule(Context& context, const Call& call);
Response replace_rule(Context& context, const Call& call);
Response set_rule_status(Context& context, const Call& call);
Response delete_rule(Context& context, const Call& call);
// src/api/rules.cpp
Response list_rules(Context& context, const Call& call);
Response get_rule(Context& context, const Call& call);
Response check_rule(Context& context, const Call& call);
Response test_rules(Context& context, const Call& call);
// src/api/questions.cpp
// What would become of the message that `question` describes, by that configuration, and how it would leave.
Response answer_with_preview(Context& context, const runtime::Generation& generation, const Json& question);
Response validate_connector(Context& context, const Call& call);
Response explain_message(Context& context, const Call& call);
// src/api/trace.cpp
Response search_trace(Context& context, const Call& call);
Response export_trace(Context& context, const Call& call);
Response get_trace(Context& context, const Call& call);
Response report_connectors(Context& context, const Call& call);
Response report_rules(Context& context, const Call& call);
// src/api/queue.cpp
Response get_queue(Context& context, const Call& call);
// src/api/quarantine.cpp
Response list_held(Context& context, const Call& call);
Response release_held(Context& context, const Call& call);
Response delete_held(Context& context, const Call& call);
// src/api/approvals.cpp
Response show_approval(Context& context, const Call& call);
Response release_by_link(Context& context, const Call& call);
Response reject_by_link(Context& context, const Call& call);
// src/api/session_requests.cpp
Response begin_session(Context& context, const Call& call);
Response get_session(Context& context, const Call& call);
Response end_session(Context& context, const Call& call);
Response make_link(Context& context, const Call& call);
Response list_sessions(Context& context, const Call& call);
Response end_other_session(Context& context, const Call& call);
Response list_tokens(Context& context, const Call& call);
// src/api/examinations.cpp
Response get_doctor(Context& context, const Call& call);
Response get_certificates(Context& context, const Call& call);
Response get_changes(Context& context, const Call& call);
Response get_audit(Context& context, const Call& call);
// src/api/backtest.cpp
Response backtest_connector(Context& context, const Call& call);
Response get_schema(Context& context, const Call& call);
// src/api/domains.cpp
Response list_domains(Context& context, const Call& call);
Response check_domain(Context& context, const Call& call);
// src/api/sent_reports.cpp
Response list_sent_reports(Context& context, const Call& call);
Response get_sent_report(Context& context, const Call& call);
// src/api/insights.cpp
Response get_insights(Context& context, const Call& call);
Response mute_insight(Context& context, const Call& call);
Response unmute_insight(Context& context, const Call& call);
// src/api/monitoring.cpp
Response get_health(Context& context, const Call& call);
Response get_metrics(Context& context, const Call& call);
Response get_description(Context& context, const Call& call);

}  // namespace connectord::api
