#include "connectord/delivery/advisor.h"

#include <algorithm>
#include <filesystem>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "connectord/base/alarm.h"
#include "connectord/base/files.h"
#include "connectord/base/mutex.h"
#include "connectord/base/recent_map.h"
#include "connectord/base/time.h"
#include "connectord/dns/workers.h"
#include "connectord/engine/outbound_index.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/sts/policy_book.h"
#include "connectord/sts/policy_fetch.h"

namespace connectord::delivery {
namespace {

using Callback = std::function<void()>;
using sts::KeptPolicy;

constexpr std::string_view log_subject = "delivery";

// In seconds.
constexpr std::int64_t shortest_life = 5;  // of what DNS has said
constexpr std::int64_t longest_record_life = 3600;
constexpr std::int64_t between_failures = 300;  // RFC 8461, 3.3
constexpr std::int64_t between_looks = 3600;    // at a policy whose record is gone
// A record that DNS has not told of for so long is none: mail must not wait for ever for a name server that is broken.
constexpr std::int64_t longest_doubt = 900;
constexpr std::int64_t trust_life = 3600;  // of the authorities that were read
constexpr std::size_t refreshed_at_once = 500;

std::int64_t life_of(std::chrono::seconds ttl) {
  return std::clamp<std::int64_t>(ttl.count(), shortest_life, longest_record_life);
}

// What is known of one next hop. Times are seconds since 1970.
struct Facts {
  sts::DaneFinding dane{sts::DaneFinding::State::unknown, "DNS was not asked yet", {}};
  std::int64_t dane_until = 0;
  bool is_policy_known = false;  // whether there is one
  std::string policy_words = "DNS was not asked yet";
  std::int64_t policy_until = 0;
  std::int64_t in_doubt_since = 0;  // 0: not at all

  bool is_asked = false;  // now, by somebody
  Advisor::Clock::time_point patience_ends{};
  std::vector<Callback> waiting;
};

}  // namespace

std::string policies_file(const std::string& folder) {
  return folder + "/policies";
}

class Advisor::Work {
 public:
  explicit Work(AdvisorSetup setup)
      : setup_(std::move(setup)), facts_(setup_.limits.destinations), book_(setup_.limits.policies) {}

  ~Work() { stop(); }

  void start() {
    folder_ = setup_.policies.current().policy->configuration().delivery.state;
    const auto text = base::read_file(policies_file(folder_));
    if (text) {
      const base::MutexLock lock(mutex_);
      book_.read_text(*text, now());
    }
    keeper_ = std::jthread([this](const std::stop_token& stop) { keep(stop); });
  }

  void stop() {
    {
      const base::MutexLock lock(mutex_);
      if (is_stopping_) return;
      is_stopping_ = true;
    }
    setup_.network->interrupt();
    if (!keeper_.joinable()) return;
    keeper_.request_stop();
    keeper_.join();
    save();
  }

  std::optional<Advice> known(const Question& question) {
    const base::MutexLock lock(mutex_);
    const std::int64_t time = now();
    Facts* facts = facts_.find(to_string(question.next_hop));
    if (facts == nullptr || !is_fresh(*facts, question.wish, time)) return std::nullopt;
    return decide(question.wish, facts->dane, finding_of(question, *facts, time));
  }

  // `anew`: whatever is known of the policy.
  Clock::time_point ask(const Question& question, Callback when_known, bool anew = false) {
    bool is_new = false;
    Clock::time_point ends;
    {
      const base::MutexLock lock(mutex_);
      Facts& facts = facts_.at(to_string(question.next_hop));
      is_new = !facts.is_asked;
      if (is_new) {
        facts.is_asked = true;
        facts.patience_ends = Clock::now() + setup_.limits.patience;
      }
      facts.waiting.push_back(std::move(when_known));
      ends = facts.patience_ends;
    }
    if (is_new && !submit(question, anew)) {
      end_asking(question, "too much is asked at once");
      return Clock::now();
    }
    return ends;
  }

  Advice at_last(const Question& question) {
    const base::MutexLock lock(mutex_);
    const std::int64_t time = now();
    Facts& facts = facts_.at(to_string(question.next_hop));
    StsFinding finding = finding_of(question, facts, time);
    sts::DaneFinding dane = facts.dane;
    // That there was nothing once says nothing about now, where no policy has been kept for that.
    const bool is_kept = finding.state == StsFinding::State::kept;
    if (!is_kept && facts.policy_until <= time) {
      finding = {StsFinding::State::unknown, nullptr, "whether there is an MTA-STS policy is not known yet"};
    }
    if (!is_kept && dane.state == sts::DaneFinding::State::absent && facts.dane_until <= time) {
      dane = {sts::DaneFinding::State::unknown, "whether there are TLSA records is not known yet", {}};
    }
    return decide(question.wish, dane, finding);
  }

  std::size_t policies() const {
    const base::MutexLock lock(mutex_);
    return book_.size();
  }

 private:
  std::int64_t now() const { return setup_.unix_time(); }

  static bool is_fresh(const Facts& facts, const Wish& wish, std::int64_t time) {
    if (wish.dane && facts.dane_until <= time) return false;
    const bool is_settled = wish.dane && facts.dane.state != sts::DaneFinding::State::absent;
    return is_settled || !wish.mta_sts || facts.policy_until > time;
  }

  StsFinding finding_of(const Question& question, const Facts& facts, std::int64_t time) REQUIRES(mutex_) {
    if (!question.wish.mta_sts) return {StsFinding::State::none, nullptr, "a policy of MTA-STS is a domain's"};
    if (KeptPolicy* kept = book_.find(question.next_hop.host, time)) {
      if (kept->used / base::day_seconds != time / base::day_seconds) is_changed_ = true;
      kept->used = time;
      return {StsFinding::State::kept, &kept->policy, {}};
    }
    return {facts.is_policy_known ? StsFinding::State::none : StsFinding::State::unknown, nullptr, facts.policy_words};
  }

  // Threads that nobody has needed yet are not there.
  bool submit(const Question& question, bool anew) {
    dns::Workers* lookups = nullptr;
    {
      const base::MutexLock lock(mutex_);
      if (is_stopping_) return false;
      if (!lookups_) {
        lookups_ = dns::make_workers({.threads = setup_.limits.lookups});
        fetches_ = dns::make_workers({.threads = setup_.limits.fetches});
      }
      lookups = lookups_.get();
    }
    return lookups->submit(question.next_hop.host, [this, question, anew] { look_up(question, anew); });
  }

  // On a thread that asks DNS.
  void look_up(const Question& question, bool anew) {
    const Wish stale = anew ? question.wish : stale_part_of(question);
    const runtime::Generation generation = setup_.policies.current();
    const auto resolver = runtime::resolver_of(generation);
    if (!resolver) return end_asking(question, resolver.error());
    if (stale.dane && look_at_dane(question, **resolver)) return end_asking(question, {});
    if (!stale.mta_sts) return end_asking(question, {});
    const sts::StsRecord record = sts::find_sts_record(**resolver, question.next_hop.host);
    if (!is_to_be_fetched(question, record)) return end_asking(question, {});
    const bool is_taken =
        fetches_->submit(question.next_hop.host, [this, question, record, generation, resolver = *resolver] {
          fetch(question, record, generation.policy->configuration(), *resolver);
          end_asking(question, {});
        });
    if (!is_taken) end_asking(question, "too many policies are fetched at once");
  }

  // What is not known, or no longer.
  Wish stale_part_of(const Question& question) {
    const base::MutexLock lock(mutex_);
    const std::int64_t time = now();
    const Facts& facts = facts_.at(to_string(question.next_hop));
    return {.dane = question.wish.dane && facts.dane_until <= time,
            .mta_sts = question.wish.mta_sts && facts.policy_until <= time};
  }

  // True where that settles it.
  bool look_at_dane(const Question& question, dns::Resolver& resolver) {
    sts::DaneFinding finding = sts::find_dane(resolver, question.next_hop);
    const base::MutexLock lock(mutex_);
    Facts& facts = facts_.at(to_string(question.next_hop));
    const bool is_unknown = finding.state == sts::DaneFinding::State::unknown;
    facts.dane_until = now() + (is_unknown ? shortest_life : life_of(finding.ttl));
    // Postfix asks for the records itself, so what was there counts until DNS says otherwise.
    const bool was_present = facts.dane.state == sts::DaneFinding::State::present;
    if (!is_unknown || !was_present) facts.dane = std::move(finding);
    return facts.dane.state != sts::DaneFinding::State::absent;
  }

  // Notes what the record says.
  bool is_to_be_fetched(const Question& question, const sts::StsRecord& record) {
    const base::MutexLock lock(mutex_);
    const std::int64_t time = now();
    Facts& facts = facts_.at(to_string(question.next_hop));
    KeptPolicy* kept = book_.find(question.next_hop.host, time);
    if (record.is_temporary) {
      if (facts.in_doubt_since == 0) facts.in_doubt_since = time;
      settle(facts, time + shortest_life, "the record of MTA-STS: " + record.problem);
      facts.is_policy_known = time - facts.in_doubt_since > longest_doubt;
      return false;
    }
    facts.in_doubt_since = 0;
    if (record.id.empty()) {
      settle(facts, time + life_of(record.ttl),
             record.problem.empty() ? "no record of MTA-STS" : "the record of MTA-STS: " + record.problem);
      // A policy that was there is followed to its end (RFC 8461, 3.3).
      if (kept != nullptr) kept->not_before = time + between_looks;
      return false;
    }
    const bool is_good = kept != nullptr && kept->id == record.id && kept->is_old() > time;
    const bool has_failed = kept != nullptr && kept->not_before > time;
    if (is_good || has_failed) settle(facts, within(*kept, time + life_of(record.ttl)), {});
    return !is_good && !has_failed;
  }

  // What was found out of a policy holds no longer than that.
  static std::int64_t within(const KeptPolicy& kept, std::int64_t until) { return std::min(until, kept.ends()); }

  static void settle(Facts& facts, std::int64_t until, std::string words) {
    facts.is_policy_known = true;
    facts.policy_until = until;
    facts.policy_words = std::move(words);
  }

  // On a thread that asks web servers.
  void fetch(const Question& question, const sts::StsRecord& record, const model::Configuration& configuration,
             dns::Resolver& resolver) {
    const std::string& domain = question.next_hop.host;
    auto policy = fetch_policy(domain, configuration, resolver);
    const std::int64_t time = now();
    {
      const base::MutexLock lock(mutex_);
      if (is_stopping_) return;
      Facts& facts = facts_.at(to_string(question.next_hop));
      if (policy) {
        KeptPolicy kept{.policy = *policy, .id = record.id, .fetched = time, .used = time};
        settle(facts, std::max(time + shortest_life, within(kept, time + life_of(record.ttl))), {});
        facts.policy_words = "its MTA-STS policy has ended";
        book_.keep(std::move(kept));
        is_changed_ = true;
      } else {
        settle(facts, time + between_failures, "its MTA-STS policy cannot be had: " + policy.error());
        if (KeptPolicy* kept = book_.find(domain, time)) kept->not_before = time + between_failures;
      }
    }
    policy ? note(*policy, record) : note_failure(domain, policy.error());
  }

  void note(const sts::StsPolicy& policy, const sts::StsRecord& record) {
    alarm_.ring();
    setup_.log.info(log_subject, "an MTA-STS policy",
                    {{"domain", policy.domain},
                     {"mode", std::string(to_string(policy.mode))},
                     {"id", record.id},
                     {"max_age", std::to_string(policy.max_age.count())}});
  }

  void note_failure(const std::string& domain, const std::string& reason) {
    setup_.log.warning(log_subject, "an MTA-STS policy cannot be had", {{"domain", domain}, {"reason", reason}});
  }

  tl::expected<sts::StsPolicy, std::string> fetch_policy(const std::string& domain,
                                                         const model::Configuration& configuration,
                                                         dns::Resolver& resolver) {
    const auto trusted = authorities();
    if (!trusted) return tl::unexpected(trusted.error());
    const smtp::Deadline end = Clock::now() + setup_.limits.fetch;
    const sts::HttpsClient client{
        .network = *setup_.network,
        .trusted = **trusted,
        .unix_time = now(),
        .connect_limit = setup_.limits.connect,
        .reply_limit = setup_.limits.fetch,
        .deadline = [end](std::chrono::milliseconds limit) { return std::min(end, Clock::now() + limit); }};
    return sts::fetch_sts_policy(domain, resolver, client, configuration.validation.private_networks);
  }

  // Read anew now and then, since packages change them.
  tl::expected<std::shared_ptr<const tls::TrustStore>, std::string> authorities() {
    {
      const base::MutexLock lock(mutex_);
      if (trusted_ && trusted_until_ > now()) return trusted_;
    }
    auto read = setup_.trusted();
    if (!read) return tl::unexpected(read.error());
    auto store = std::make_shared<const tls::TrustStore>(std::move(*read));
    const base::MutexLock lock(mutex_);
    trusted_ = store;
    trusted_until_ = now() + trust_life;
    return store;
  }

  // `problem`: why nothing could be asked; empty where all went its way.
  void end_asking(const Question& question, const std::string& problem) {
    std::vector<Callback> waiting;
    {
      const base::MutexLock lock(mutex_);
      Facts& facts = facts_.at(to_string(question.next_hop));
      facts.is_asked = false;
      waiting = std::exchange(facts.waiting, {});
      if (is_stopping_) return;
    }
    if (!problem.empty()) {
      setup_.log.warning(log_subject, "a destination cannot be looked at",
                         {{"next_hop", to_string(question.next_hop)}, {"reason", problem}});
    }
    for (const Callback& call : waiting) call();
  }

  // The thread that keeps the policies: fresh, and on disk.
  void keep(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      // Many at once are written once.
      if (alarm_.sleep(std::chrono::minutes(1), stop)) alarm_.sleep(pause(), stop);
      if (stop.stop_requested()) return;
      save();
      refresh();
    }
  }

  std::chrono::seconds pause() const {
    constexpr std::size_t a_second_takes = 1000;
    return std::chrono::seconds(1 + policies() / a_second_takes);
  }

  void refresh() {
    if (!setup_.policies.current().policy->outbound().asks_destinations()) return;
    std::vector<std::string> due;
    {
      const base::MutexLock lock(mutex_);
      due = book_.due(now(), refreshed_at_once);
    }
    for (std::string& domain : due) {
      const Question question{{.host = std::move(domain), .look_up_mx = true, .port = std::nullopt}, {.mta_sts = true}};
      ask(
          question, [] {}, true);
    }
  }

  void save() {
    std::string text;
    {
      const base::MutexLock lock(mutex_);
      if (!is_changed_) return;
      text = book_.to_text(now());
      is_changed_ = false;
    }
    std::error_code ignored;  // what is missing for good is told of by the next step
    std::filesystem::create_directory(folder_, ignored);
    const auto written = base::replace_file(policies_file(folder_), text, {.mode = 0640});
    if (written) return;
    {
      const base::MutexLock lock(mutex_);
      is_changed_ = true;
    }
    setup_.log.error(log_subject, "MTA-STS policies cannot be kept", {{"reason", written.error()}});
  }

  const AdvisorSetup setup_;
  std::string folder_;  // of the policies
  mutable base::Mutex mutex_;
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  base::RecentMap<Facts> facts_ GUARDED_BY(mutex_);
  sts::PolicyBook book_ GUARDED_BY(mutex_);
  bool is_changed_ GUARDED_BY(mutex_) = false;  // since it was written
  std::shared_ptr<const tls::TrustStore> trusted_ GUARDED_BY(mutex_);
  std::int64_t trusted_until_ GUARDED_BY(mutex_) = 0;
  base::Alarm alarm_;
  std::jthread keeper_;
  // Last, so that all that their jobs use is there. Once made they stay.
  std::unique_ptr<dns::Workers> fetches_;
  std::unique_ptr<dns::Workers> lookups_;
};

Advisor::Advisor(AdvisorSetup setup) : work_(std::make_unique<Work>(std::move(setup))) {}
Advisor::~Advisor() = default;

void Advisor::start() {
  work_->start();
}

void Advisor::stop() {
  work_->stop();
}

std::optional<Advice> Advisor::known(const Question& question) {
  return work_->known(question);
}

Advisor::Clock::time_point Advisor::ask(const Question& question, std::function<void()> when_known) {
  return work_->ask(question, std::move(when_known));
}

Advice Advisor::at_last(const Question& question) {
  return work_->at_last(question);
}

std::size_t Advisor::policies() const {
  return work_->policies();
}

}  // namespace connectord::delivery
