#include "api_insights.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "connectord/base/background.h"
#include "connectord/base/json.h"
#include "connectord/base/mutex.h"
#include "connectord/insights/mutes.h"
#include "connectord/mta/mail_servers.h"

namespace connectord::daemon {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds fresh{15};
constexpr std::chrono::minutes fresh_for_metrics{5};

class KeptInsights {
 public:
  KeptInsights(runtime::Process process, const runtime::Services& services)
      : process_(std::move(process)),
        services_(services),
        thread_([this](const std::stop_token& stop) { work(stop); }) {}

  // Those of before, where there are any: nobody waits for newer ones, which come a moment later.
  Json look() {
    const base::MutexLock lock(mutex_);
    const std::uint64_t failures = failures_;
    want(fresh);
    changed_.wait(mutex_, [&]() REQUIRES(mutex_) { return found_ || failures_ != failures; });
    if (!found_) throw std::runtime_error(problem_);
    return to_json(*found_, mutes(), judged_);
  }

  void measure() {
    const base::MutexLock lock(mutex_);
    want(fresh_for_metrics);
  }

  bool find(const std::string& id, Json& mute) {
    const auto& kinds = insights::kinds();
    if (std::find(kinds.begin(), kinds.end(), id.substr(0, id.find(':'))) == kinds.end()) return false;
    const base::MutexLock lock(mutex_);
    const auto now = mutes();
    const auto found = now.find(id);
    mute = found == now.end() ? Json() : insights::to_json(found->second);
    return true;
  }

  tl::expected<void, std::string> mute(const api::Insights::Mute& mute) {
    const base::MutexLock lock(mutex_);
    auto now = mutes();
    if (now.size() >= insights::max_mutes) return tl::unexpected(std::string("too many insights are muted"));
    now[mute.id] = {mute.reason, mute.until, mute.who};
    return keep(now);
  }

  tl::expected<void, std::string> unmute(const std::string& id) {
    const base::MutexLock lock(mutex_);
    auto now = mutes();
    now.erase(id);
    return keep(now);
  }

 private:
  std::string file() const { return insights::mutes_file(services_.policies.current().policy->configuration()); }

  // A file that cannot be read mutes nothing: better one insight too many.
  insights::Mutes mutes() const {
    return insights::read_mutes(file(), services_.unix_time()).value_or(insights::Mutes());
  }

  tl::expected<void, std::string> keep(const insights::Mutes& mutes) REQUIRES(mutex_) {
    auto written = insights::write_mutes(file(), mutes);
    if (written && found_) show_metrics();
    return written;
  }

  void want(Clock::duration age) REQUIRES(mutex_) {
    if (found_ && Clock::now() - looked_ < age) return;
    is_wanted_ = true;
    changed_.notify_all();
  }

  void work(const std::stop_token& stop) {
    base::work_in_background();
    while (wait_until_wanted(stop)) {
      try {
        renew();
      } catch (const std::exception& error) {
        fail(error.what());
      }
    }
  }

  bool wait_until_wanted(const std::stop_token& stop) {
    const base::MutexLock lock(mutex_);
    return changed_.wait(mutex_, stop, [this]() REQUIRES(mutex_) { return is_wanted_; });
  }

  void renew() {
    const auto now = Clock::now();
    const std::int64_t judged = services_.unix_time();
    const mta::MailServerPlaces places = mta::usual_places();
    const auto policy = services_.policies.current().policy;
    const Json health = base::parse_json(health_document(process_, services_));
    insights::Found found = insights::look({.policy = *policy, .places = places, .health = health, .now = judged});
    const base::MutexLock lock(mutex_);
    found_ = std::move(found);
    judged_ = judged;
    looked_ = now;
    is_wanted_ = false;
    show_metrics();
    changed_.notify_all();
  }

  // Whoever waits is told; the next who asks has it tried again.
  void fail(const char* problem) {
    const base::MutexLock lock(mutex_);
    problem_ = problem;
    ++failures_;
    is_wanted_ = false;
    changed_.notify_all();
  }

  // What is no longer so is 0, so that an alert ends.
  void show_metrics() REQUIRES(mutex_) {
    const auto muted = mutes();
    std::map<std::pair<std::string, std::string>, double> counts;
    for (const insights::Insight& insight : found_->insights) {
      if (muted.count(insight.id()) == 0) counts[{insight.connector, insight.name}] += 1;
    }
    auto& family = services_.metrics->insights;
    family.each([](const auto& /*values*/, metrics::Gauge& gauge) { gauge.set(0); });
    for (const auto& [key, count] : counts) family.with({key.first, key.second}).set(count);
  }

  const runtime::Process process_;
  const runtime::Services services_;
  base::Mutex mutex_;  // of what was judged, and of the file
  base::ConditionVariable changed_;
  std::optional<insights::Found> found_ GUARDED_BY(mutex_);
  std::int64_t judged_ GUARDED_BY(mutex_) = 0;  // when: seconds since 1970
  Clock::time_point looked_ GUARDED_BY(mutex_);
  bool is_wanted_ GUARDED_BY(mutex_) = false;
  std::uint64_t failures_ GUARDED_BY(mutex_) = 0;
  std::string problem_ GUARDED_BY(mutex_);
  std::jthread thread_;  // looks; the last member, so that all else is there for it
};

}  // namespace

api::Insights insights_of(const runtime::Process& process, const runtime::Services& services) {
  const auto kept = std::make_shared<KeptInsights>(process, services);
  api::Insights made;
  made.look = [kept] { return kept->look(); };
  made.find = [kept](const std::string& id, Json& mute) { return kept->find(id, mute); };
  made.mute = [kept](const api::Insights::Mute& mute) { return kept->mute(mute); };
  made.unmute = [kept](const std::string& id) { return kept->unmute(id); };
  made.measure = [kept] { kept->measure(); };
  return made;
}

}  // namespace connectord::daemon
