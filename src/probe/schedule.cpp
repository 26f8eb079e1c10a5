#include "connectord/probe/schedule.h"

#include <algorithm>
#include <map>
#include <optional>
#include <stop_token>
#include <thread>

#include "changes.h"
#include "connectord/base/alarm.h"
#include "connectord/base/time.h"
#include "connectord/mta/outgoing_addresses.h"
#include "connectord/net/domain_name.h"
#include "connectord/probe/exchangers.h"
#include "connectord/probe/validate.h"
#include "connectord/runtime/load_policy.h"
#include "send_mail.h"
#include "targets.h"

namespace connectord::probe {
namespace {

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
    started_ = base::unix_time();
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  }

  void wake() { alarm_.ring(); }

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
      const std::int64_t now = base::unix_time();
      const std::int64_t exchangers_due = next_look(generation.policy->configuration());
      if (due && due->time <= now) {
        validate(generation, due->connector, stop);
      } else if (exchangers_due <= now) {
        look_up(generation, stop);
      } else {
        sleep(std::min(due ? due->time : exchangers_due, exchangers_due) - now, stop);
      }
    }
  }

  // Not longer than a minute, so that a clock that was set is noticed.
  void sleep(std::int64_t seconds, const std::stop_token& stop) {
    alarm_.sleep(std::chrono::seconds(std::min(seconds, max_sleep)), stop);
  }

  std::optional<Due> next(const engine::Policy& policy) const {
    const model::Validation& settings = policy.configuration().validation;
    if (!settings.enabled) return std::nullopt;
    const auto every = std::chrono::duration_cast<std::chrono::seconds>(settings.every).count();
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

  // When the MX records of our own domains are looked up again.
  std::int64_t next_look(const model::Configuration& configuration) {
    if (!configuration.validation.enabled || domains_to_look_up(configuration).empty())
      return base::unix_time() + max_sleep;
    if (looked_ == 0) looked_ = read_exchangers(configuration.validation.state).looked;
    return std::max(looked_ + look_every, started_ + max_sleep);
  }

  // In pieces, so that the daemon can stop in between.
  void look_up(const runtime::Generation& generation, const std::stop_token& stop) {
    looked_ = base::unix_time();
    const auto resolver = runtime::resolver_of(generation);
    if (!resolver) return log_.error(log_subject, resolver.error());
    const model::Configuration& configuration = generation.policy->configuration();
    const KeptExchangers known = read_exchangers(configuration.validation.state);
    const ThisMachine machine = this_machine(configuration);
    KeptExchangers now_known{.looked = looked_, .exchangers = {}};
    for (const std::string& domain : domains_to_look_up(configuration)) {
      if (stop.stop_requested()) return;
      auto found = look_up_exchangers(domain, machine, known.exchangers, **resolver, looked_);
      if (found) now_known.exchangers.emplace(domain, std::move(*found));
    }
    if (auto kept = write_exchangers(configuration.validation.state, now_known); !kept)
      log_.warning(log_subject, "where our domains' mail goes is not kept", {{"reason", kept.error()}});
  }

  static ThisMachine this_machine(const model::Configuration& configuration) {
    ThisMachine machine{{}, mta::addresses_mail_leaves_by(mta::usual_postfix_folder())};
    for (const std::string& name : {configuration.server.host_name, configuration.server.authserv_id}) {
      if (auto normalized = net::normalize_domain(name)) machine.names.push_back(std::move(*normalized));
    }
    return machine;
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
    tried_[name] = base::unix_time();
    const auto resolver = runtime::resolver_of(generation);
    if (!resolver) return log_.error(log_subject, resolver.error());
    Services services{**resolver, *network_, [&](const std::string&) -> tl::expected<std::string, std::string> {
                        const std::string* secret = generation.credentials_of(name);
                        if (secret == nullptr) return tl::unexpected(std::string("not read"));
                        return *secret;
                      }};
    services.trust = mta::client_trust_of(mta::usual_postfix_folder());
    const auto report = validate_outbound(*generation.policy, name, {}, services);
    if (!report || stop.stop_requested()) return;
    const Results results(configuration.validation.state);
    publish(configuration, *report, changes(results.find(Direction::outbound, name), *report), **resolver);
    if (auto kept = results.keep(*report); !kept) {
      log_.warning(log_subject, "a result is not kept", {{"connector", name}, {"reason", kept.error()}});
    }
    if (finished_) finished_(*report);
  }

  void publish(const model::Configuration& configuration, const Report& report, const std::vector<Alert>& notices,
               dns::Resolver& resolver) {
    log_.info(log_subject, report.passed ? "passed" : "failed",
              {{"connector", report.connector},
               {"obstacle", std::string(to_string(report.obstacle))},
               {"summary", report.summary}});
    for (const Alert& notice : notices) {
      log_.write(
          {notice.severity, log_subject, "changed", {{"connector", report.connector}, {"change", notice.message}}});
    }
    const model::Validation& settings = configuration.validation;
    if (notices.empty() || settings.mail_to.empty()) return;
    const Services services{resolver, *network_, {}};
    const std::string& host = configuration.server.host_name;
    const OutgoingMail mail{{}, settings.mail_to, compose_mail(report, notices, host, settings.mail_to)};
    const auto sent = send_mail(configuration.mail_through(), host, mail, services);
    if (!sent) log_.warning(log_subject, "no mail was sent", {{"to", settings.mail_to}, {"reason", sent.error()}});
  }

  static constexpr std::int64_t max_sleep = 60;
  static constexpr std::int64_t look_every = 3600;

  const runtime::PolicyStore& policies_;
  log::Logger& log_;
  Finished finished_;
  std::unique_ptr<smtp::Network> network_;
  std::int64_t started_ = 0;
  std::map<std::string, std::int64_t> tried_;  // the thread's
  std::int64_t looked_ = 0;                    // the thread's: when DNS was asked about our own domains
  base::Alarm alarm_;
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
