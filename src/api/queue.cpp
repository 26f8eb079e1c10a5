// What waits in the mail server's queue.
#include "connectord/base/json.h"
#include "connectord/mta/mail_servers.h"
#include "connectord/mta/queue_report.h"
#include "connectord/trace/sqlite_store.h"
#include "context.h"

namespace connectord::api {

Response get_queue(Context& context, const Call& /*call*/) {
  const auto policy = context.setup.services.policies.current().policy;
  const Json health = base::parse_json(health_document(context.setup.process, context.setup.services));
  const auto& settings = policy->configuration().trace;
  const auto archive = settings ? trace::open_sqlite_archive(settings->file()) : tl::unexpected(std::string());
  const auto report = mta::look_at_queue(mta::usual_places(), health, *policy, archive ? archive->get() : nullptr);
  if (!report) return problem(503, "the mail server's queue cannot be looked at: " + report.error());
  return json_response(to_json(*report));
}

}  // namespace connectord::api
