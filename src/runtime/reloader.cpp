#include "connectord/runtime/reloader.h"

#include <malloc.h>

#include <utility>

namespace connectord::runtime {
namespace {

constexpr std::string_view subject = "connectord";

void log_problems(log::Logger& log, const std::vector<model::Problem>& problems) {
  for (const model::Problem& problem : problems) {
    const bool error = problem.severity == model::Problem::Severity::error;
    log::Fields fields = {{"place", to_string(problem.location)}, {"key", problem.key}, {"problem", problem.message}};
    log.write({error ? log::Severity::error : log::Severity::warning, "configuration", "", std::move(fields)});
  }
}

std::vector<std::string> errors_of(const Reloader::Result& result) {
  std::vector<std::string> errors;
  for (const model::Problem& problem : result.problems) {
    if (problem.severity == model::Problem::Severity::error) errors.push_back(to_string(problem));
  }
  if (!result.failure.empty()) errors.push_back(result.failure);
  return errors;
}

// What a new configuration cannot change in a running process.
bool needs_restart(const model::Server& a, const model::Server& b) {
  return a.milter != b.milter || a.policy != b.policy || a.socketmap != b.socketmap || a.api != b.api ||
         a.api_certificate != b.api_certificate || a.api_key != b.api_key || a.api_tokens != b.api_tokens ||
         a.audit_log != b.audit_log || a.user != b.user || a.socket_group != b.socket_group ||
         a.socket_mode != b.socket_mode;
}

// Loading leaves as much freed memory behind as a configuration takes, in pieces that the allocator would keep.
void give_memory_back() {
  ::malloc_trim(0);
}

}  // namespace

Reloader::Reloader(std::string path, const Services& services, std::function<void(const model::Configuration&)> loaded)
    : path_(std::move(path)),
      services_(services),
      loaded_(std::move(loaded)),
      server_(services.policies.current().policy->configuration().server),
      log_(services.policies.current().policy->configuration().log) {}

Reloader::Result Reloader::reload() {
  const base::MutexLock lock(mutex_);
  Result result = load(environment_of_host(), [] { return tl::expected<void, std::string>(); });
  log_problems(services_.log, result.problems);
  if (!result.failure.empty()) services_.log.error(subject, result.failure);
  if (!result.loaded) {
    services_.metrics->failed_loads.add();
    services_.activity->load_failed(services_.unix_time(), errors_of(result));
    services_.log.error(
        subject, "the configuration does not load; the running one stays",
        {{"configuration", path_}, {"generation", std::to_string(services_.policies.current().number)}});
  }
  return result;
}

Reloader::Result Reloader::change(const Held& /*held*/, const config::FileChange& change,
                                  const std::function<tl::expected<void, std::string>()>& commit) {
  config::Environment environment = environment_of_host();
  environment.change = change;
  return load(environment, commit);
}

Reloader::Result Reloader::load(const config::Environment& environment,
                                const std::function<tl::expected<void, std::string>()>& commit) {
  LoadedPolicy loaded = load_policy(path_, environment);
  Result result{false, std::move(loaded.problems), {}};
  if (loaded.policy) {
    auto resolver = resolver_for(loaded.policy->configuration());
    if (!resolver) {
      result.failure = resolver.error();
    } else if (auto committed = commit(); !committed) {
      result.failure = committed.error();
    } else {
      run(std::move(loaded), std::move(*resolver));
      result.loaded = true;
    }
  }
  loaded.policy.reset();
  give_memory_back();
  return result;
}

void Reloader::run(LoadedPolicy&& loaded, std::shared_ptr<dns::Resolver> resolver) {
  const model::Configuration& configuration = loaded.policy->configuration();
  if (needs_restart(server_, configuration.server) || !(log_ == configuration.log)) {
    services_.log.warning(subject,
                          "listeners, user, socket rights, files of the API and log settings take effect after a "
                          "restart only");
  }
  log::Fields fields = {{"configuration", path_}, {"generation", ""}};
  fields.emplace_back("inbound_connectors", std::to_string(configuration.inbound.size()));
  fields.emplace_back("outbound_connectors", std::to_string(configuration.outbound.size()));
  services_.policies.replace(std::move(loaded.policy), std::move(resolver), std::move(loaded.secrets));
  const Generation running = services_.policies.current();
  loaded_(running.policy->configuration());
  fields[1].second = std::to_string(running.number);
  services_.activity->loaded(services_.unix_time());
  services_.log.info(subject, "configuration loaded", std::move(fields));
}

// The running one where [dns] has not changed: it has a cache.
tl::expected<std::shared_ptr<dns::Resolver>, std::string> Reloader::resolver_for(
    const model::Configuration& configuration) {
  const Generation running = services_.policies.current();
  if (running.policy->configuration().dns == configuration.dns) return running.resolver;
  return make_resolver(configuration.dns).map([this](std::shared_ptr<dns::Resolver> resolver) {
    return counted(std::move(resolver), services_.metrics);
  });
}

}  // namespace connectord::runtime
