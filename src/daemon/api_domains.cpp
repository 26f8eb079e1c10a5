#include "api_domains.h"

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "connectord/base/mutex.h"
#include "connectord/mta/client_trust.h"
#include "connectord/mta/outgoing_addresses.h"
#include "connectord/probe/domain_options.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/smtp/network.h"

namespace connectord::daemon {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds step_limit{10'000};
constexpr std::chrono::milliseconds whole_limit{50'000};

// "*.example.net" is looked at by its own name.
std::set<std::string> own_domains(const model::Configuration& configuration) {
  std::set<std::string> domains;
  for (const net::DomainPattern& pattern : configuration.organization.accepted_domains) domains.insert(pattern.name());
  for (const model::Signing& signing : configuration.signing) domains.insert(signing.domain.name());
  domains.erase("");
  return domains;
}

class OwnDomains {
 public:
  explicit OwnDomains(const runtime::PolicyStore& policies) : policies_(policies) {}

  Json list() {
    const auto policy = policies_.current().policy;
    Json list = Json::array();
    const base::MutexLock lock(mutex_);
    for (const std::string& domain : own_domains(policy->configuration())) {
      const auto found = last_.find(domain);
      list.push_back({{"domain", domain}, {"last", found == last_.end() ? Json() : found->second}});
    }
    return list;
  }

  bool is_ours(const std::string& domain) const {
    return own_domains(policies_.current().policy->configuration()).count(domain) > 0;
  }

  tl::expected<Json, std::string> check(const std::string& domain) {
    const runtime::Generation generation = policies_.current();
    const model::Configuration& configuration = generation.policy->configuration();
    const auto resolver = runtime::resolver_of(generation);
    if (!resolver) return tl::unexpected(resolver.error());
    const auto network = smtp::make_network();
    probe::Services services{**resolver, *network, {}};
    services.limits = {step_limit, step_limit, step_limit, whole_limit};
    const auto addresses = mta::addresses_mail_leaves_by(mta::usual_postfix_folder());
    Json report = to_json(probe::check_domain(probe::domain_options(configuration, domain, addresses), services));
    const base::MutexLock lock(mutex_);
    last_[domain] = report;
    return report;
  }

 private:
  const runtime::PolicyStore& policies_;
  base::Mutex mutex_;
  std::map<std::string, Json> last_ GUARDED_BY(mutex_);
};

}  // namespace

api::Domains domains_of(const runtime::PolicyStore& policies) {
  const auto own = std::make_shared<OwnDomains>(policies);
  api::Domains made;
  made.list = [own] { return own->list(); };
  made.is_ours = [own](const std::string& domain) { return own->is_ours(domain); };
  made.check = [own](const std::string& domain) { return own->check(domain); };
  return made;
}

}  // namespace connectord::daemon
