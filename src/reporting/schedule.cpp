#include "connectord/reporting/schedule.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>

#include "connectord/base/alarm.h"
#include "connectord/base/time.h"
#include "connectord/reporting/send.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/smtp/network.h"
#include "connectord/trace/sqlite_store.h"

namespace connectord::reporting {
namespace {

constexpr std::string_view log_subject = "reports";
// For how many days it is kept which reports were sent.
constexpr std::int64_t kept_days = 90;

}  // namespace

class Schedule::Worker {
 public:
  Worker(const runtime::PolicyStore& policies, log::Logger& log, std::shared_ptr<outbox::Sender> sender)
      : policies_(policies), log_(log), sender_(std::move(sender)) {}
  ~Worker() { stop(); }

  void start() {
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
  void work(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const std::int64_t now = base::unix_time();
      // A clock that was set back is noticed too.
      if (now >= next_look_ || now < last_look_) look(policies_.current(), now, stop);
      last_look_ = now;
      if (alarm_.sleep(std::chrono::minutes(1), stop)) next_look_ = 0;
    }
  }

  // The reports of the last round, and what failed of those before them.
  void look(const runtime::Generation& generation, std::int64_t now, const std::stop_token& stop) {
    const model::Configuration& configuration = generation.policy->configuration();
    const model::Reports& settings = configuration.reports;
    const Rounds rounds = rounds_at(now, settings.at, configuration.server.host_name);
    next_look_ = rounds.next;
    if (!settings.dmarc) return;
    const Day day = last_whole_day(rounds.last);
    for (const Day one : {Day{day.number - 1}, day}) {
      DayRecord record = read_day(settings.state, one);
      if (is_due(record, one == day, now) && !stop.stop_requested()) {
        send(generation, one, stop);
        record = read_day(settings.state, one);
      }
      if (is_open(record, one == day)) next_look_ = std::min(next_look_, not_before_);
      if (const std::int64_t next = record.next(); next != 0) next_look_ = std::min(next_look_, next);
    }
    remove_days_before(settings.state, Day{day.number - kept_days});
  }

  // Not all of its domains were gone through. Days before the last one are finished and not begun.
  static bool is_open(const DayRecord& record, bool is_last) {
    return !record.is_done && (is_last || !record.entries.empty());
  }

  bool is_due(const DayRecord& record, bool is_last, std::int64_t now) const {
    return (is_open(record, is_last) && now >= not_before_) || !record.due(now, false).empty();
  }

  void send(const runtime::Generation& generation, Day day, const std::stop_token& stop) {
    const auto round = try_to_send(generation, day, stop);
    // What cannot be done now is tried again with everything else that waits.
    if (!round || round->is_cut) not_before_ = base::unix_time() + wait_after(1);
    if (!round)
      return log_.error(log_subject, "DMARC reports are not sent",
                        {{"day", to_string(day)}, {"reason", round.error()}});
    log_.info(log_subject, round->is_cut ? "DMARC reports, of which some wait" : "DMARC reports",
              {{"day", to_string(day)},
               {"domains", std::to_string(round->domains)},
               {"beyond_max_domains", std::to_string(round->beyond)},
               {"sent", std::to_string(round->sent)},
               {"waiting", std::to_string(round->waiting)},
               {"failed", std::to_string(round->failed)},
               {"left", std::to_string(round->left)}});
  }

  tl::expected<Round, std::string> try_to_send(const runtime::Generation& generation, Day day,
                                               const std::stop_token& stop) {
    const model::Configuration& configuration = generation.policy->configuration();
    if (!configuration.trace) return tl::unexpected(std::string("there is no [trace]"));
    const auto resolver = runtime::resolver_of(generation);
    if (!resolver) return tl::unexpected(resolver.error());
    const auto key = sender_->key();
    if (!key) return tl::unexpected(key.error());
    auto archive = trace::open_sqlite_archive(configuration.trace->file());
    if (!archive) return tl::unexpected(archive.error());
    auto ledger = Ledger::open(configuration.reports.state, day);
    if (!ledger) return tl::unexpected(ledger.error());
    const outbox::Way way{configuration.mail_through(), configuration.server.host_name};
    const Tools tools{.policy = *generation.policy,
                      .archive = **archive,
                      .resolver = **resolver,
                      .key = **key,
                      .hand_over =
                          [this, &way](const outbox::Mail& mail) {
                            return outbox::hand_over(mail, way.server, way.helo, *network_,
                                                     std::chrono::steady_clock::now() + hand_over_timeout);
                          },
                      .unix_time = base::unix_time,
                      .stop = stop,
                      .progress = [this](const Entry& entry) { log_failure(entry); }};
    return send_reports(tools, day, *ledger, false);
  }

  void log_failure(const Entry& entry) {
    const bool is_over = entry.status == Entry::Status::failed;
    if (!is_over && entry.status != Entry::Status::waiting) return;
    log_.write({is_over ? log::Severity::error : log::Severity::warning,
                log_subject,
                is_over ? "a DMARC report could not be sent" : "a DMARC report is tried again later",
                {{"domain", entry.domain}, {"to", entry.address}, {"reason", entry.words}}});
  }

  const runtime::PolicyStore& policies_;
  log::Logger& log_;
  std::shared_ptr<outbox::Sender> sender_;
  std::unique_ptr<smtp::Network> network_ = smtp::make_network();
  // The thread's.
  std::int64_t not_before_ = 0;  // a round that was cut goes on
  std::int64_t next_look_ = 0;
  std::int64_t last_look_ = 0;
  base::Alarm alarm_;
  std::jthread thread_;  // last, so that all it uses is there
};

Schedule::Schedule(const runtime::PolicyStore& policies, log::Logger& log, std::shared_ptr<outbox::Sender> sender)
    : worker_(std::make_unique<Worker>(policies, log, std::move(sender))) {}
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

}  // namespace connectord::reporting
