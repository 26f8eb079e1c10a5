// Who is logged in at the console, and who could.
#include "connectord/base/time.h"
#include "connectord/version.h"
#include "context.h"

namespace connectord::api {
namespace {

std::int64_t now_of(const Context& context) {
  return context.setup.services.unix_time();
}

void note(Context& context, const Call& call, std::string_view what) {
  context.setup.services.log.info("api", what, {{"who", call.caller.name}, {"peer", call.request.peer.address}});
}

// A session that begot another would never end.
std::optional<Response> refuse_session(const Call& call) {
  if (call.caller.session.empty()) return std::nullopt;
  return problem(403, "this needs a token, and a session was shown; log in anew");
}

Json ends_of(const Sessions::Session& session) {
  return base::utc_text(session.began + Sessions::longest_seconds);
}

}  // namespace

Response begin_session(Context& context, const Call& call) {
  if (auto refused = refuse_session(call)) return *refused;
  const auto begun = context.sessions.begin(call.caller, call.request.peer.address, now_of(context));
  note(context, call, "a session began");
  return json_response({{"secret", begun.secret},
                        {"name", call.caller.name},
                        {"role", to_string(call.caller.role)},
                        {"idle_seconds", Sessions::idle_seconds},
                        {"ends", ends_of(begun.session)}},
                       201);
}

Response get_session(Context& context, const Call& call) {
  const auto session = context.sessions.with_number(call.caller.session, now_of(context));
  const auto policy = context.setup.services.policies.current().policy;
  return json_response({{"name", call.caller.name},
                        {"role", to_string(call.caller.role)},
                        {"ends", session ? ends_of(*session) : Json()},
                        {"version", version},
                        {"host", policy->configuration().server.authserv_id}});
}

Response end_session(Context& context, const Call& call) {
  if (call.caller.session.empty()) {
    return problem(409, "this is a token and no session; connectorctl token remove makes it invalid");
  }
  context.sessions.end(call.caller.session, now_of(context));
  note(context, call, "a session was ended");
  return {204, "", "", {}};
}

Response make_link(Context& context, const Call& call) {
  if (auto refused = refuse_session(call)) return *refused;
  const std::string secret = context.sessions.make_link(call.caller, now_of(context));
  note(context, call, "a link to the console was made");
  return json_response({{"secret", secret}, {"seconds", Sessions::link_seconds}}, 201);
}

Response list_sessions(Context& context, const Call& call) {
  Json list = Json::array();
  for (const Sessions::Session& session : context.sessions.list(now_of(context))) {
    list.push_back({{"id", session.caller.session},
                    {"name", session.caller.name},
                    {"role", to_string(session.caller.role)},
                    {"peer", session.peer},
                    {"began", base::utc_text(session.began)},
                    {"used", base::utc_text(session.used)},
                    {"ends", ends_of(session)},
                    {"own", session.caller.session == call.caller.session}});
  }
  return json_response({{"sessions", std::move(list)}});
}

Response end_other_session(Context& context, const Call& call) {
  if (!context.sessions.end(call.id, now_of(context))) {
    return problem(404, "there is no session of that number; GET /api/sessions lists them");
  }
  note(context, call, "a session was ended");
  return {204, "", "", {}};
}

Response list_tokens(Context& context, const Call& /*call*/) {
  Json list = Json::array();
  for (const Token& token : context.gatekeeper.tokens()) {
    list.push_back({{"name", token.name}, {"role", to_string(token.role)}, {"created", base::utc_text(token.created)}});
  }
  return json_response({{"tokens", std::move(list)}});
}

}  // namespace connectord::api
