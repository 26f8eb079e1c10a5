// What our own domains publish about their mail.
#include "connectord/api/domains.h"

#include "context.h"
#include "turn.h"

namespace connectord::api {

Response list_domains(Context& context, const Call& /*call*/) {
  const Domains& domains = context.setup.domains;
  return domains.list ? json_response({{"domains", domains.list()}}) : problem(501, "this process looks at no domain");
}

Response check_domain(Context& context, const Call& call) {
  const Domains& domains = context.setup.domains;
  if (!domains.check) return problem(501, "this process looks at no domain");
  if (!domains.is_ours(call.id)) {
    return problem(404,
                   "it is none of our own domains, which GET /api/exchange/domains lists; for others ask "
                   "connectorctl dns");
  }
  const Turn turn(context.domain_checks, 1);
  if (!turn.granted()) return try_again_in(5, "another domain is being looked at; try again in a moment");
  const auto report = domains.check(call.id);
  return report ? json_response(*report) : problem(503, report.error());
}

}  // namespace connectord::api
