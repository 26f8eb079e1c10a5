#include "delivery_log.h"

#include <vector>

#include "connectord/base/time.h"
#include "connectord/delivery/destination.h"
#include "connectord/engine/routing.h"
#include "connectord/net/address_domain.h"
#include "connectord/trace/sqlite_store.h"

namespace connectord::daemon {
namespace {

// By which the mail server may have asked: the recipient's domain, the host by itself, or the route of a connector.
std::vector<std::string> next_hops_of(const engine::Policy& policy, const maillog::DeliveryAttempt& attempt,
                                      const std::string& recipient) {
  const std::string host = "[" + attempt.relay.name + "]";
  std::vector<std::string> names = {host, host + ":" + std::to_string(attempt.relay.port)};
  const auto domain = net::domain_of_address(recipient);
  if (!domain) return names;
  names.push_back(*domain);
  const auto* route = engine::route_of_any_origin(policy, {"@" + *domain});
  if (route == nullptr) return names;
  for (const delivery::Hop& hop : delivery::hops_of(policy, route, *domain)) names.push_back(hop.name);
  return names;
}

}  // namespace

std::optional<trace::Protection> protection_asked_for(const delivery::Told& told, const engine::Policy& policy,
                                                      const maillog::DeliveryAttempt& attempt,
                                                      const std::string& recipient, std::int64_t time) {
  const auto by = told.at(next_hops_of(policy, attempt, recipient), time / base::second_ms);
  if (!by) return std::nullopt;
  switch (*by) {
    case delivery::ToldBy::nobody:
      break;
    case delivery::ToldBy::connector:
      return trace::Protection::connector;
    case delivery::ToldBy::mta_sts:
      return trace::Protection::mta_sts;
    case delivery::ToldBy::dane:
      return trace::Protection::dane;
  }
  return std::nullopt;
}

trace::IsKnownRefusal DeliveryLog::answered_by_us(const std::string& trace_file) {
  return [trace_file, is_known = trace::IsKnownRefusal()](const maillog::Event& event,
                                                          const maillog::Refused& refused) mutable {
    if (!is_known) {
      auto archive = trace::open_sqlite_archive(trace_file);
      // Rather a refusal of the mail server's left out than one of ours twice.
      if (!archive) return true;
      is_known = trace::known_in(std::move(*archive));
    }
    return is_known(event, refused);
  };
}

}  // namespace connectord::daemon
