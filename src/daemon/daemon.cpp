#include "daemon.h"

#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "api_domains.h"
#include "api_examinations.h"
#include "api_insights.h"
#include "api_validations.h"
#include "connectord/api/api.h"
#include "connectord/api/http_server.h"
#include "connectord/base/files.h"
#include "connectord/config/fleet_copy.h"
#include "connectord/delivery/advisor.h"
#include "connectord/dns/workers.h"
#include "connectord/engine/admission.h"
#include "connectord/fleet/database.h"
#include "connectord/fleet/follower.h"
#include "connectord/fleet/trace_sink.h"
#include "connectord/inspect/inspector.h"
#include "connectord/log/logger.h"
#include "connectord/milter/milter_server.h"
#include "connectord/mta/held_mail.h"
#include "connectord/mta/mail_servers.h"
#include "connectord/outbox/key.h"
#include "connectord/outbox/sender.h"
#include "connectord/policyd/policy_server.h"
#include "connectord/probe/on_demand.h"
#include "connectord/probe/schedule.h"
#include "connectord/reporting/schedule.h"
#include "connectord/runtime/folders.h"
#include "connectord/runtime/health.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/runtime/reloader.h"
#include "connectord/session/session.h"
#include "connectord/socketmap/socketmap_server.h"
#include "connectord/trace/sqlite_store.h"
#include "connectord/version.h"
#include "delivery_log.h"
#include "health_server.h"
#include "privileges.h"
#include "signals.h"
#include "validation_metrics.h"
#include "watchdog.h"

namespace connectord::daemon {
namespace {

constexpr std::string_view subject = "connectord";

void print_problems(const std::vector<model::Problem>& problems) {
  for (const model::Problem& problem : problems) std::fprintf(stderr, "%s\n", to_string(problem).c_str());
}

struct TracePlaces {
  std::string store;     // where the trace is kept
  std::string mail_log;  // where deliveries are read from
};

TracePlaces places_of(const model::Configuration& configuration) {
  if (!configuration.trace) return {};
  return {.store = configuration.trace->store, .mail_log = configuration.trace->mail_log};
}

std::unique_ptr<trace::SqliteStore> make_trace(const model::Configuration& configuration, log::Logger& log) {
  if (!configuration.trace) return nullptr;
  trace::SqliteOptions options{.path = configuration.trace->file(), .keep = configuration.trace->keep};
  if (configuration.fleet) options.feed_bytes = configuration.fleet->spool_size;
  return std::make_unique<trace::SqliteStore>(std::move(options), log);
}

void show(runtime::Metrics& metrics, const fleet::TraceSinkState& state) {
  metrics.fleet_rows.with({"waiting"}).set(static_cast<double>(state.waiting));
  metrics.fleet_rows.with({"lost"}).set(static_cast<double>(state.lost));
  metrics.fleet_rows.with({"rejected"}).set(static_cast<double>(state.rejected));
  metrics.fleet_trace.with({"writable"}).set(state.is_writing ? 1 : 0);
  metrics.fleet_trace.with({"lag_seconds"}).set(static_cast<double>(state.lag));
}

std::unique_ptr<fleet::TraceSink> make_trace_sink(const model::Configuration& configuration, trace::SqliteStore* store,
                                                  log::Logger& log, const std::shared_ptr<runtime::Metrics>& metrics) {
  if (store == nullptr || !configuration.fleet) return nullptr;
  return std::make_unique<fleet::TraceSink>(configuration, *store, log,
                                            [metrics](const fleet::TraceSinkState& state) { show(*metrics, state); });
}

std::unique_ptr<DeliveryLog> make_delivery_log(const model::Configuration& configuration, trace::Store* store,
                                               trace::ProtectionAskedFor asked_for, log::Logger& log) {
  if (store == nullptr || configuration.trace->mail_log.empty()) return nullptr;
  return std::make_unique<DeliveryLog>(configuration.trace->mail_log, configuration.trace->file(), *store,
                                       std::move(asked_for), log);
}

class Daemon {
 public:
  Daemon(std::string path, runtime::LoadedPolicy loaded, std::shared_ptr<dns::Resolver> resolver)
      : path_(std::move(path)),
        server_(loaded.policy->configuration().server),
        log_(log::make_logger(loaded.policy->configuration().log)),
        trace_places_(places_of(loaded.policy->configuration())),
        trace_(make_trace(loaded.policy->configuration(), *log_)),
        trace_sink_(make_trace_sink(loaded.policy->configuration(), trace_.get(), *log_, metrics_)),
        counted_trace_(trace_ ? runtime::counted(*trace_, metrics_) : nullptr),
        deliveries_(make_delivery_log(loaded.policy->configuration(), trace_.get(), asked_for(), *log_)),
        policies_(std::move(loaded.policy), runtime::counted(std::move(resolver), metrics_),
                  std::move(loaded.secrets)) {
    runtime::log_problems(*log_, loaded.problems);
    reloader_.started_with(loaded.sources);
  }

  int run() {
    allow_many_files();
    const auto ready = choose_user()
                           .and_then([this] { return runtime::hand_over_all(configuration(), account()); })
                           .map([this] { hand_over_history(); })
                           .map([this] { load_mail_key(); })
                           .and_then([this] { return open_sockets(); })
                           .and_then([this] { return drop_privileges(); })
                           .and_then([this] { return open_audit_log(); })
                           .and_then([this] { return open_outbox(); });
    if (!ready) {
      log_->fatal(subject, ready.error());
      return 1;
    }
    keep_history();
    start();
    const int status = serve();
    stop();
    return status;
  }

 private:
  runtime::Services services() {
    return {.policies = policies_,
            .live = live_,
            .log = *log_,
            .trace = counted_trace_.get(),
            .workers = workers_.get(),
            .unpacker = unpacker_,
            .mail_key = mail_key_,
            .outbox = outbox_,
            .advisor = advisor_,
            .activity = activity_,
            .metrics = metrics_,
            .history = history_};
  }

  // Asked only while the log is read, when all of this is there.
  trace::ProtectionAskedFor asked_for() {
    return [this](const maillog::DeliveryAttempt& attempt, const std::string& recipient, std::int64_t time) {
      return protection_asked_for(advisor_->told(), *policies_.current().policy, attempt, recipient, time);
    };
  }

  const model::Configuration& configuration() const { return policies_.current().policy->configuration(); }

  // As whom the process serves.
  base::Account account() const { return user_ ? *user_ : base::own_account(); }

  tl::expected<void, std::string> choose_user() {
    if (::geteuid() != 0 || server_.user.empty()) return {};
    auto user = find_user(server_.user);
    if (!user) return tl::unexpected(user.error());
    user_ = std::move(*user);
    return {};
  }

  // Mail does not wait for it, so that a folder which cannot be had is no reason not to serve.
  void hand_over_history() {
    const auto ready = runtime::hand_over(runtime::Kept::history, configuration(), account());
    if (!ready) history_trouble_ = ready.error();
  }

  // As the user to whom the file is to belong.
  void keep_history() {
    if (history_trouble_.empty()) {
      if (auto kept = history_->keep_in(server_.history); !kept) history_trouble_ = kept.error();
    }
    if (history_trouble_.empty()) return;
    log_->warning(subject, "what was changed is not kept over a restart", {{"reason", history_trouble_}});
  }

  void load_mail_key() {
    const auto load = [this](bool /*as_root*/) {
      return outbox_->key().map([this](std::shared_ptr<const outbox::Key> key) { mail_key_ = std::move(key); });
    };
    const auto loaded = net::with_rights_for(base::folder_of(server_.mail_key), account(), load);
    if (loaded) return;
    log_->warning(subject, "connectord will not know what it writes or tries itself", {{"reason", loaded.error()}});
  }

  tl::expected<void, std::string> open_sockets() {
    const net::SocketRights rights = socket_rights();
    wait_for_mail_server();
    if (server_.milter) {
      milter_.emplace(services(), intake_);
      if (auto opened = milter_->open(*server_.milter, rights); !opened) return opened;
    }
    if (server_.policy) {
      auto listener = net::listen_on(*server_.policy, rights);
      if (!listener) return tl::unexpected(listener.error());
      policy_service_.emplace(std::move(*listener), services());
    }
    if (server_.socketmap) {
      auto listener = net::listen_on(*server_.socketmap, rights);
      if (!listener) return tl::unexpected(listener.error());
      socketmap_.emplace(std::move(*listener), services(), intake_);
    }
    open_health();
    return server_.api ? open_api(rights) : tl::expected<void, std::string>();
  }

  // Where none of its sockets has a place, the mail server is not installed yet, and that is no failure of ours. One
  // socket without a place is a wrong path, and opening it fails.
  void wait_for_mail_server() {
    const std::array listeners = {&server_.milter, &server_.policy, &server_.socketmap};
    std::optional<std::string> missing;
    for (const auto* listener : listeners) {
      if (!*listener) continue;
      missing = net::missing_place_of(**listener);
      if (!missing) return;
    }
    if (!missing) return;
    for (auto* listener : listeners) listener->reset();
    state_ = "idle, since there is no mail server: " + *missing + " is not there";
    log_->warning(subject, "there is no mail server to serve; install one, and restart connectord",
                  {{"missing", *missing}});
  }

  tl::expected<void, std::string> open_api(const net::SocketRights& rights) {
    auto listener = net::listen_on(*server_.api, rights);
    if (!listener) return tl::unexpected(listener.error());
    auto server = api::HttpServer::make(
        std::move(*listener), {server_.api_certificate, server_.api_key},
        [this](const api::Request& request) { return api_->handle(request); }, *log_);
    if (!server) return tl::unexpected(server.error());
    api_server_ = std::move(*server);
    return {};
  }

  // As the user to whom it is to belong.
  tl::expected<void, std::string> open_audit_log() {
    if (!server_.api) return {};
    return api::AuditLog(server_.audit_log, services().unix_time).open();
  }

  // As the user who is to read the key.
  tl::expected<void, std::string> open_outbox() {
    if (!configuration().writes_mail()) return {};
    return outbox_->key().map([](const auto&) {});
  }

  void open_health() {
    const auto opened = health_.open(runtime::health_socket_name(path_)).and_then([this] {
      return running_.open(runtime::running_configuration_socket_name(path_));
    });
    if (!opened) {
      log_->warning(subject, "connectorctl status will not reach this process: its name is not to be had",
                    {{"error", opened.error()}});
    }
  }

  void start_health() {
    const std::int64_t now = services().unix_time();
    activity_->loaded(now);
    runtime::Process process{runtime::resolved_path(path_), ::getpid(), now, server_};
    if (follower_) process.fleet = [this] { return fleet_health(); };
    health_.start([process, services = services()] { return health_document(process, services); });
    running_.start([history = history_] { return history->document(); });
    if (!api_server_) return;
    api_.emplace(api::Api::Setup{services(), reloader_, intake_, process, server_,
                                 validations_of(validator_, policies_), examinations_of(process.configuration),
                                 insights_of(process, services()), domains_of(policies_), change_fleet(), held_mail()});
    api_server_->start();
  }

  nlohmann::ordered_json fleet_health() const {
    auto health = to_json(follower_->state());
    health["trace"] = trace_sink_ ? to_json(trace_sink_->state()) : nlohmann::ordered_json();
    return health;
  }

  std::function<tl::expected<void, std::string>(const fleet::Database::Change&)> change_fleet() {
    if (!follower_) return {};
    return [this](const fleet::Database::Change& change) { return follower_->change(change); };
  }

  // Whoever has root's rights needs nobody to have them for him.
  std::shared_ptr<const mta::HeldMail> held_mail() const {
    if (::geteuid() != 0) return mta::held_mail_by_helper(server_.held_socket);
    return mta::held_mail_here(mta::usual_places());
  }

  // Only root may give a socket to others; for anybody else it stays the process's own.
  net::SocketRights socket_rights() {
    net::SocketRights rights;
    rights.mode = server_.socket_mode;
    if (::geteuid() != 0) return rights;
    rights.owner = user_;
    rights.group = base::find_group(server_.socket_group);
    if (!rights.group) {
      log_->warning(subject,
                    "server.socket_group: there is no such group, so only root and connectord itself can connect",
                    {{"group", server_.socket_group}});
      if (user_) rights.group = user_->gid;
    }
    return rights;
  }

  tl::expected<void, std::string> drop_privileges() {
    if (user_) return become(*user_);
    if (::geteuid() == 0) {
      log_->warning(subject, "running as root: set server.user to a user of connectord's own");
    } else if (const auto user = find_user(server_.user); user && user->uid != ::geteuid()) {
      log_->info(subject, "not started as root, so server.user has no effect");
    }
    return {};
  }

  void start() {
    // As the user that the files are to belong to.
    if (trace_) trace_->start();
    if (trace_sink_) trace_sink_->start();
    if (deliveries_) deliveries_->start();
    if (policy_service_) policy_service_->start();
    advisor_->start();
    if (socketmap_) socketmap_->start();
    show_last_validations(*metrics_, policies_.current().policy->configuration());
    schedule_.start();
    reports_.start();
    follow_fleet();
    start_health();
    // After the other threads were started, which have the signals blocked; libmilter's block them themselves.
    signals_.open();
    if (milter_) milter::MilterServer::start([] { Signals::raise_here(SIGABRT); });
    const auto policy = policies_.current().policy;
    log::Fields fields = {{"version", version},
                          {"configuration", path_},
                          {"inbound_connectors", std::to_string(policy->configuration().inbound.size())},
                          {"outbound_connectors", std::to_string(policy->configuration().outbound.size())}};
    if (server_.milter) fields.emplace_back("milter", server_.milter->to_string());
    if (server_.policy) fields.emplace_back("policy", server_.policy->to_string());
    if (server_.socketmap) fields.emplace_back("socketmap", server_.socketmap->to_string());
    if (server_.api) fields.emplace_back("api", server_.api->to_string());
    if (trace_) fields.emplace_back("trace", trace_places_.store);
    if (deliveries_) fields.emplace_back("mail_log", trace_places_.mail_log);
    log_->info(subject, "started", std::move(fields));
    notify_ready();
    watch_parts();
  }

  void follow_fleet() {
    if (!configuration().fleet) return;
    follower_.emplace(fleet::Follower::Setup{configuration(), reloader_, *log_});
    follower_->start();
  }

  void notify_ready() { ::sd_notify(0, ("READY=1\nSTATUS=" + state_).c_str()); }

  void watch_parts() {
    using Limit = std::chrono::milliseconds;
    if (milter_) watchdog_.watch("milter", [this](Limit limit) { return milter_->responds(limit); });
    if (policy_service_) watchdog_.watch("policy", [this](Limit limit) { return policy_service_->responds(limit); });
    if (socketmap_) watchdog_.watch("socketmap", [this](Limit limit) { return socketmap_->responds(limit); });
  }

  int serve() {
    for (;;) {
      const auto signal = signals_.wait(watchdog_.until_due(Watchdog::Clock::now()));
      watchdog_.look(Watchdog::Clock::now());
      if (signal == SIGHUP) {
        reload();
      } else if (signal == SIGABRT) {
        log_->fatal(subject, "libmilter ended by itself; its own words are in the mail log");
        return 1;
      } else if (signal) {
        return 0;
      }
    }
  }

  void reload() {
    ::sd_notify(0, "RELOADING=1");
    reloader_.reload();
    if (follower_) follower_->look_again();
    notify_ready();
  }

  // What the parts of the process take of a configuration that was loaded.
  void follow(const model::Configuration& configuration) {
    if (trace_ && configuration.trace) trace_->set_keep(configuration.trace->keep);
    schedule_.reloaded();
    reports_.reloaded();
    if (auto opened = open_outbox(); !opened)
      log_->error(subject, "no mail can be written", {{"error", opened.error()}});
    hang_up_on_excluded(server_.milter, engine::Service::milter);
    hang_up_on_excluded(server_.policy, engine::Service::policy);
    hang_up_on_excluded(server_.socketmap, engine::Service::socketmap);
  }

  // Who came in while another configuration let it must not stay for what this one believes its clients.
  void hang_up_on_excluded(const std::optional<net::Endpoint>& listener, engine::Service service) {
    if (!listener || listener->kind != net::Endpoint::Kind::inet) return;
    const auto policy = policies_.current().policy;
    net::hang_up_on(listener->port,
                    [&](const net::IpAddress& client) { return engine::may_connect(*policy, service, client); });
  }

  // New messages are deferred from here on; those that are on their way may end, within the limit.
  void stop() {
    ::sd_notify(0, "STOPPING=1");
    log_->info(subject, "stopping", {{"messages_under_way", std::to_string(intake_.messages())}});
    intake_.close();
    schedule_.stop();
    validator_.stop();
    if (intake_.messages() > 0) wait_for_messages();
    if (policy_service_) policy_service_->stop();
    // It calls the socketmap back.
    advisor_->stop();
    if (socketmap_) socketmap_->stop();
    reports_.stop();
    if (follower_) follower_->stop();
    // A change that is being made is made to its end.
    const auto held = reloader_.hold();
    if (server_.api) net::remove(*server_.api);
    if (deliveries_) deliveries_->stop();
    if (trace_sink_) trace_sink_->stop();
    if (trace_) trace_->stop();
    if (server_.milter) net::remove(*server_.milter);
    if (server_.policy) net::remove(*server_.policy);
    if (server_.socketmap) net::remove(*server_.socketmap);
    log_->info(subject, "stopped", {{"messages_cut_off", std::to_string(intake_.messages())}});
  }

  void wait_for_messages() {
    constexpr std::chrono::milliseconds step{20};
    const auto end = std::chrono::steady_clock::now() + server_.stop_limit;
    while (intake_.messages() > 0 && std::chrono::steady_clock::now() < end) {
      // A second signal means now.
      if (const auto signal = signals_.wait(step); signal && *signal != SIGHUP) return;
    }
    // libmilter writes the last answer after our callback has returned.
    constexpr std::chrono::milliseconds writing{250};
    signals_.wait(writing);
  }

  std::string path_;
  Signals signals_;  // before whatever starts a thread
  // What the process was started with, which a new configuration does not change.
  model::Server server_;
  std::unique_ptr<log::Logger> log_;
  std::shared_ptr<const inspect::Unpacker> unpacker_ = inspect::make_process_unpacker(inspect::unpacker_path());
  std::shared_ptr<outbox::Sender> outbox_ =
      std::make_shared<outbox::Sender>(server_.mail_key, server_.user, smtp::make_network());
  std::shared_ptr<runtime::Activity> activity_ = std::make_shared<runtime::Activity>();
  std::shared_ptr<runtime::Metrics> metrics_ = std::make_shared<runtime::Metrics>();
  std::shared_ptr<const outbox::Key> mail_key_;
  std::string history_trouble_;
  std::shared_ptr<runtime::ConfigurationHistory> history_ = std::make_shared<runtime::ConfigurationHistory>();
  TracePlaces trace_places_;
  std::unique_ptr<trace::SqliteStore> trace_;
  std::unique_ptr<fleet::TraceSink> trace_sink_;  // of a fleet's member
  std::unique_ptr<trace::Store> counted_trace_;   // the same, for the sessions
  std::unique_ptr<DeliveryLog> deliveries_;
  std::unique_ptr<dns::Workers> workers_ = dns::make_workers(dns::workers_of_machine());
  runtime::PolicyStore policies_;
  std::shared_ptr<delivery::Advisor> advisor_ =
      std::make_shared<delivery::Advisor>(delivery::AdvisorSetup{.policies = policies_, .log = *log_});
  runtime::LiveSessions live_;
  session::InFlight intake_;
  runtime::Reloader reloader_{path_, services(), [this](const auto& configuration) { follow(configuration); }};
  HealthServer health_;
  HealthServer running_;               // reports which configuration runs
  std::optional<base::Account> user_;  // that the process becomes
  std::optional<milter::MilterServer> milter_;
  std::optional<policyd::PolicyServer> policy_service_;
  std::optional<api::Api> api_;
  std::unique_ptr<api::HttpServer> api_server_;
  std::optional<socketmap::SocketmapServer> socketmap_;
  std::optional<fleet::Follower> follower_;
  probe::Schedule schedule_{policies_, *log_,
                            [this](const probe::Report& report) { show_validation(*metrics_, report); }};
  reporting::Schedule reports_{policies_, *log_, outbox_};
  probe::OnDemand validator_{policies_, *log_};
  std::string state_ = "serving";  // for the service manager, in words
  Watchdog watchdog_{Watchdog::timeout_of_systemd(), *log_, [] { ::sd_notify(0, "WATCHDOG=1"); }};
};

// Every session has a descriptor, and every question to DNS that is out may have one. The 1024 that a process is given
// are for the sake of select(2), which nothing here uses; a process may have more of them, if it asks.
void take_more_descriptors() {
  constexpr rlim_t enough = 65536;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= enough) return;
  limit.rlim_cur = std::min(limit.rlim_max, enough);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Of a configuration that does not load: a member of a fleet may have nothing yet of what the hosts have in common, and
// gets it. Whoever has a copy starts with that, whether the database is there or not. True: there is one now. On
// failure says why there is none.
tl::expected<bool, std::string> get_fleets_part(const std::string& configuration_path) {
  const model::Configuration configuration =
      config::load(configuration_path, runtime::environment_of_host()).configuration;
  if (!configuration.fleet || configuration.fleet->database.empty()) return false;
  const auto copy = config::current_fleet_copy(configuration.fleet->state);
  if (!copy || *copy) return false;
  return fleet::take_first_generation(configuration_path, configuration).map([](std::int64_t /*number*/) {
    return true;
  });
}

}  // namespace

int run(const std::string& configuration_path) {
  take_more_descriptors();
  runtime::LoadedPolicy loaded = runtime::load_policy(configuration_path, runtime::environment_of_host());
  if (!loaded.policy) {
    const auto got = get_fleets_part(configuration_path);
    if (!got) std::fprintf(stderr, "connectord: %s\n", got.error().c_str());
    if (got && *got) loaded = runtime::load_policy(configuration_path, runtime::environment_of_host());
  }
  if (!loaded.policy) {
    print_problems(loaded.problems);
    std::fprintf(stderr, "connectord: the configuration does not load; see also: connectorctl check --config %s\n",
                 configuration_path.c_str());
    return 1;
  }
  auto resolver = runtime::make_resolver(loaded.policy->configuration().dns);
  if (!resolver) {
    std::fprintf(stderr, "connectord: %s\n", resolver.error().c_str());
    return 1;
  }
  const auto daemon = std::make_unique<Daemon>(configuration_path, std::move(loaded), std::move(*resolver));
  // libmilter's threads may still be in a callback, so what they use is never torn down: the process ends at once.
  std::_Exit(daemon->run());
}

}  // namespace connectord::daemon
