#include "connectord/engine/admission.h"

#include <algorithm>

#include "connectord/engine/index.h"

namespace connectord::engine {
namespace {

bool believes_its_clients(const Policy& policy, Service service) {
  switch (service) {
    case Service::milter:
      return !policy.configuration().signing.empty();
    case Service::policy:
      return policy.index().uses_fingerprints();
    case Service::socketmap:
      return false;  // passwords are handed out over unix sockets only
  }
  return true;
}

}  // namespace

bool may_connect(const Policy& policy, Service service, const net::IpAddress& client) {
  const auto& named = policy.configuration().server.inet_clients;
  const bool is_named = named && std::any_of(named->begin(), named->end(),
                                             [&client](const auto& range) { return range.contains(client); });
  return is_named || (client.is_loopback() && !believes_its_clients(policy, service));
}

bool believes_policy_requests(const Policy& policy) {
  const model::Server& server = policy.configuration().server;
  return !server.policy || server.policy->kind == net::Endpoint::Kind::unix_socket || server.inet_clients.has_value();
}

}  // namespace connectord::engine
