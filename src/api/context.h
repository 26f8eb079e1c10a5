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
#include "target.h"

// What the handlers of requests share.
namespace connectord::api {

struct Context {
  Api::Setup setup;
  AuditLog audit;
  std::atomic<int> explanations = 0;  // under way
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
// src/api/questions.cpp
Response validate_connector(Context& context, const Call& call);
Response explain_message(Context& context, const Call& call);
// src/api/trace.cpp
Response search_trace(Context& context, const Call& call);
Response get_trace(Context& context, const Call& call);
Response report_connectors(Context& context, const Call& call);
// src/api/monitoring.cpp
Response get_health(Context& context, const Call& call);
Response get_metrics(Context& context, const Call& call);
Response get_description(Context& context, const Call& call);

}  // namespace connectord::api
