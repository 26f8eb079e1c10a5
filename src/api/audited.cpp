#include "audited.h"

namespace connectord::api {

Json audit_entry(const Call& call, std::string_view action) {
  return {{"who", call.caller.name},
          {"role", to_string(call.caller.role)},
          {"peer", call.request.peer.address},
          {"action", action}};
}

tl::expected<void, std::string> audited(Context& context, Json entry,
                                        const std::function<tl::expected<void, std::string>()>& change) {
  if (auto written = context.audit.write(entry); !written) return written;
  auto done = change();
  if (done) return done;
  entry["failed"] = done.error();
  if (auto noted = context.audit.write(entry); !noted) context.setup.services.log.error("api", noted.error());
  return done;
}

}  // namespace connectord::api
