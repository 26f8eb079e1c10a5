#include "connectord/probe/schedule.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <optional>
#include <stop_token>
#include <thread>

#include "connectord/base/mutex.h"
#include "connectord/probe/changes.h"
#include "connectord/probe/validate.h"
#include "connectord/runtime/load_policy.h"
#include "send_mail.h"
#include "targets.h"

namespace connectord::probe {
namespace {

std::int64_t unix_time() {
  return static_cast<std::int64_t>(::time(nullptr));
}

bool is_scheduled(const model::OutboundConnector& connector) {
  return connector.enabled && (!connector.route.smart_hosts.empty() || !mx_domains(connector, {}).empty());
}

}  // namespace

class Schedule::Worker {
 public:
  Worker(const runtime::PolicyStore& policies, log::Logger& log, Finished finished)
      : policies_(policies), log_(log), finished_(std::move(finished)), network_(smtp::make_network()) {}

  ~Worker() { stop(); }

  void start() {
    started_ = unix_time();
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  }

  void wake() {
    {
      const base::MutexLock lock(mutex_);
      woken_ = true;
    }
    changed_.notify_all();
  }

  void stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    network_->interrupt();
    thread_.join();
  }

 private:
  struct Due {
    std::string connector;
    std::int64_t time = 0;
  };

  void work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const runtime::Generation generation = policies_.current();
      const auto due = next(*generation.policy);
      const std::int64_t now = unix_time();
      if (due && due->time <= now) {
        validate(generation, due->connector, stop);
      } else {
        sleep(due ? due->time - now : max_sleep, stop);
      }
    }
  }

  // Not longer than a minute, so that a clock that was set is noticed.
  void sleep(std::int64_t seconds, const std::stop_token& stop) {
    const base::MutexLock lock(mutex_);
    changed_.wait_for(mutex_, stop, std::chrono::seconds(std::min(seconds, max_sleep)),
                      [this]() REQUIRES(mutex_) { return woken_; });
    woken_ = false;
  }

  std::optional<Due> next(const engine::Policy& policy) const {
    const model::Validation& settings = policy.configuration().validation;
    if (!settings.every) return std::nullopt;
    const auto every = std::chrono::duration_cast<std::chrono::seconds>(*settings.every).count();
    const auto find = Results(settings.state).finder();
    std::optional<Due> first;
    for (const model::OutboundConnector& connector : policy.configuration().outbound) {
      if (!is_scheduled(connector)) continue;
      const auto last = last_of(find(Direction::outbound, connector.name), connector.name);
      Due due{connector.name, next_time(last, connector.name, every, started_)};
      if (!first || due.time < first->time) first = std::move(due);
    }
    return first;
  }

  // Also where results cannot be kept, no connector is validated twice at once.
  std::optional<LastResult> last_of(const std::optional<LastResult>& kept, const std::string& name) const {
    const auto tried = tried_.find(name);
    if (tried == tried_.end() || (kept && kept->time >= tried->second)) return kept;
    LastResult known = kept.value_or(LastResult{});
    known.time = tried->second;
    return known;
  }

  void validate(const runtime::Generation& generation, const std::string& name, const std::stop_token& stop) {
    const model::Configuration& configuration = generation.policy->configuration();
    tried_[name] = unix_time();
    auto resolver = generation.resolver;
    if (!resolver) {
      auto made = runtime::make_resolver(configuration.dns);
      if (!made) return log_.error(log_subject, made.error());
      resolver = std::move(*made);
    }
    const Services services{*resolver, *network_, [&](const std::string&) -> tl::expected<std::string, std::string> {
                              const std::string* secret = generation.credentials_of(name);
                              if (secret == nullptr) return tl::unexpected(std::string("not read"));
                              return *secret;
                            }};
    const auto report = validate_outbound(*generation.policy, name, {}, services);
    if (!report || stop.stop_requested()) return;
    const Results results(configuration.validation.state);
    tell(configuration, *report, changes(results.find(Direction::outbound, name), *report), *resolver);
    if (auto kept = results.keep(*report); !kept) {
      log_.warning(log_subject, "a result is not kept", {{"connector", name}, {"reason", kept.error()}});
    }
    if (finished_) finished_(*report);
  }

  void tell(const model::Configuration& configuration, const Report& report, const std::vector<Notice>& notices,
            dns::Resolver& resolver) {
    log_.info(log_subject, report.passed ? "passed" : "failed",
              {{"connector", report.connector},
               {"obstacle", std::string(to_string(report.obstacle))},
               {"summary", report.summary}});
    for (const Notice& notice : notices) {
      log_.write(
          {notice.severity, log_subject, "changed", {{"connector", report.connector}, {"change", notice.message}}});
    }
    const model::Validation& settings = configuration.validation;
    if (notices.empty() || settings.mail_to.empty()) return;
    const Services services{resolver, *network_, {}};
    const std::string& host = configuration.server.host_name;
    const Letter letter{{}, settings.mail_to, compose_mail(report, notices, host, settings.mail_to)};
    const auto sent = send_mail(settings.mail_through, host, letter, services);
    if (!sent) log_.warning(log_subject, "no mail was sent", {{"to", settings.mail_to}, {"reason", sent.error()}});
  }

  static constexpr std::int64_t max_sleep = 60;

  const runtime::PolicyStore& policies_;
  log::Logger& log_;
  Finished finished_;
  std::unique_ptr<smtp::Network> network_;
  std::int64_t started_ = 0;
  std::map<std::string, std::int64_t> tried_;  // the thread's
  base::Mutex mutex_;
  base::ConditionVariable changed_;
  bool woken_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // last, so that all it uses is there
};

Schedule::Schedule(const runtime::PolicyStore& policies, log::Logger& log, Finished finished)
    : worker_(std::make_unique<Worker>(policies, log, std::move(finished))) {}
Schedule::~Schedule() = default;

void Schedule::start() {
  worker_->start();
}

void Schedule::reloaded() {
  worker_->wake();
}

void Schedule::stop() {
  worker_->stop();
}

}  // namespace connectord::probe
