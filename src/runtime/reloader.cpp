#include "connectord/runtime/reloader.h"

#include <malloc.h>

#include <utility>

#include "connectord/base/text.h"
#include "restart_needs.h"

namespace connectord::runtime {
namespace {

constexpr std::string_view subject = "connectord";

std::vector<std::string> errors_of(const Reloader::Result& result) {
  std::vector<std::string> errors = errors_in(result.problems);
  if (!result.failure.empty()) errors.push_back(result.failure);
  return errors;
}

// Of a configuration, what a process takes up at its start only.
model::Configuration parts_of_start(const model::Configuration& configuration) {
  model::Configuration parts;
  parts.server = configuration.server;
  parts.log = configuration.log;
  parts.trace = configuration.trace;
  parts.fleet = configuration.fleet;
  return parts;
}

// Loading leaves as much freed memory behind as a configuration takes, in pieces that the allocator would keep.
void give_memory_back() {
  ::malloc_trim(0);
}

}  // namespace

void log_problems(log::Logger& log, const std::vector<model::Problem>& problems) {
  for (const model::Problem& problem : problems) {
    const bool error = problem.severity == model::Problem::Severity::error;
    log::Fields fields = {{"place", to_string(problem.location)}, {"key", problem.key}, {"problem", problem.message}};
    log.write({error ? log::Severity::error : log::Severity::warning, "configuration", "", std::move(fields)});
  }
}

Reloader::Reloader(std::string path, const Services& services, std::function<void(const model::Configuration&)> loaded)
    : path_(std::move(path)),
      services_(services),
      loaded_(std::move(loaded)),
      started_(parts_of_start(services.policies.current().policy->configuration())) {}

void Reloader::started_with(const config::SourceTexts& sources) {
  const std::uint64_t number = services_.policies.current().number;
  keep(services_.history->loaded({.generation = number, .time = services_.unix_time(), .who = "the start"}, sources,
                                 {}));
}

// It is logged, and changes nothing of what runs.
void Reloader::keep(const tl::expected<void, std::string>& kept) {
  if (kept) return;
  services_.log.warning(subject, "what was changed is not kept over a restart", {{"reason", kept.error()}});
}

Reloader::Result Reloader::reload() {
  const base::MutexLock lock(mutex_);
  Result result = load(environment_of_host(), "a reload", [] { return tl::expected<void, std::string>(); });
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

Reloader::Result Reloader::change(const Held& /*held*/, const config::FileChange& change, const std::string& who,
                                  const std::function<tl::expected<void, std::string>()>& commit) {
  config::Environment environment = environment_of_host();
  environment.change = change;
  return load(environment, who, commit);
}

Reloader::Result Reloader::load(const config::Environment& environment, const std::string& who,
                                const std::function<tl::expected<void, std::string>()>& commit) {
  auto loaded = std::make_unique<LoadedPolicy>(load_policy(path_, environment));
  Result result{false, std::move(loaded->problems), {}};
  if (loaded->policy) {
    auto resolver = resolver_for(loaded->policy->configuration());
    if (!resolver) {
      result.failure = resolver.error();
    } else if (auto committed = commit(); !committed) {
      result.failure = committed.error();
    } else {
      run(std::move(*loaded), std::move(*resolver), who);
      result.loaded = true;
    }
  }
  loaded.reset();
  give_memory_back();
  return result;
}

void Reloader::run(LoadedPolicy&& loaded, std::shared_ptr<dns::Resolver> resolver, const std::string& who) {
  const model::Configuration& configuration = loaded.policy->configuration();
  std::vector<std::string> waiting = waiting_for_restart(started_, configuration);
  if (!waiting.empty()) {
    services_.log.warning(subject, "some keys take effect after a restart only", {{"keys", base::joined(waiting)}});
  }
  log::Fields fields = {{"configuration", path_}, {"generation", ""}};
  fields.emplace_back("inbound_connectors", std::to_string(configuration.inbound.size()));
  fields.emplace_back("outbound_connectors", std::to_string(configuration.outbound.size()));
  services_.policies.replace(std::move(loaded.policy), std::move(resolver), std::move(loaded.secrets));
  const Generation running = services_.policies.current();
  loaded_(running.policy->configuration());
  fields[1].second = std::to_string(running.number);
  services_.activity->loaded(services_.unix_time());
  keep(services_.history->loaded({.generation = running.number, .time = services_.unix_time(), .who = who},
                                 loaded.sources, std::move(waiting)));
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
