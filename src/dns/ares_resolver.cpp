// The resolver: one thread that owns a channel of c-ares, and a cache and a table of lookups under way that everybody
// shares. No lock is held while the library or a callback runs.

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <stop_token>
#include <thread>
#include <utility>

#include "ares_channel.h"
#include "connectord/base/mutex.h"
#include "connectord/dns/make_resolver.h"
#include "query_ids.h"
#include "waker.h"
#include "wire.h"

namespace connectord::dns {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int max_restarts = 8;  // further questions that one chain of CNAMEs may lead to

// One question under way.
struct Lookup {
  Question question;
  std::string share;  // who began it
  WireName name;      // what is asked now: the question's, or where its aliases led
  SteadyClock::time_point deadline;
  std::vector<Resolver::Callback> callbacks;  // under the resolver's lock
  // Of the resolver's thread:
  std::chrono::seconds shortest_ttl = std::chrono::seconds::max();
  int restarts = 0;
  bool authenticated = true;  // so far
  bool finished = false;
};

class AresResolver : public Resolver {
 public:
  AresResolver(const ResolverSettings& settings, std::unique_ptr<AresChannel> channel)
      : settings_(settings),
        cache_(settings.cache),
        channel_(std::move(channel)),
        thread_([this](const std::stop_token& stop) { work(stop); }) {}

  using Resolver::resolve;
  void resolve(const Question& question, const std::string& share, Callback callback) override;

 private:
  // On any thread.
  std::shared_ptr<const Answer> join_or_start(const Question& question, const std::string& share, WireName name,
                                              Callback& callback);
  bool has_room(const std::string& share) const REQUIRES(mutex_);

  // On the resolver's thread.
  void work(const std::stop_token& stop);
  bool start_submitted(const std::stop_token& stop);
  void wait_and_process();
  int poll_limit() const;
  void send(const std::shared_ptr<Lookup>& lookup, bool edns);
  void on_message(const std::shared_ptr<Lookup>& lookup, bool edns, End end, std::span<const std::uint8_t> message);
  void on_response(const std::shared_ptr<Lookup>& lookup, Response response);
  void expire();
  void finish(Lookup& lookup, const std::shared_ptr<const Answer>& answer);
  void give_up(Lookup& lookup);
  void conclude(Lookup& lookup, const std::shared_ptr<const Answer>& answer);
  void finish_all();

  const ResolverSettings settings_;
  Cache cache_;
  Waker waker_;

  base::Mutex mutex_;
  std::map<Question, std::shared_ptr<Lookup>> under_way_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Lookup>> submitted_ GUARDED_BY(mutex_);
  std::map<std::string, std::size_t> of_share_ GUARDED_BY(mutex_);  // lookups under way
  bool is_over_ GUARDED_BY(mutex_) = false;                         // nothing more is taken

  std::deque<std::shared_ptr<Lookup>> by_deadline_;  // all have the same limit, so the order of their start
  QueryIds ids_;
  std::unique_ptr<AresChannel> channel_;
  std::jthread thread_;  // last, so that all it uses is there
};

void AresResolver::resolve(const Question& question, const std::string& share, Callback callback) {
  auto name = to_wire_name(question.name);
  if (!name) return callback(answer_without_records(Status::invalid));
  auto answer = cache_.find(question, settings_.clock());
  if (!answer) answer = join_or_start(question, share, *std::move(name), callback);
  if (answer) callback(std::move(answer));
}

// The answer, if it came meanwhile or the question cannot be taken; otherwise the callback is taken over.
std::shared_ptr<const Answer> AresResolver::join_or_start(const Question& question, const std::string& share,
                                                          WireName name, Callback& callback) {
  const base::MutexLock lock(mutex_);
  if (const auto found = under_way_.find(question); found != under_way_.end()) {
    found->second->callbacks.push_back(std::move(callback));
    return nullptr;
  }
  // What ended between the first look and the lock went into the cache before it left the table.
  if (auto answer = cache_.find(question, settings_.clock())) return answer;
  if (is_over_ || !has_room(share)) return answer_without_records(Status::error);
  auto lookup = std::make_shared<Lookup>();
  lookup->question = question;
  lookup->share = share;
  lookup->name = std::move(name);
  lookup->deadline = SteadyClock::now() + settings_.timeout;
  lookup->callbacks.push_back(std::move(callback));
  under_way_.emplace(question, lookup);
  ++of_share_[share];
  submitted_.push_back(std::move(lookup));
  if (submitted_.size() == 1) waker_.wake();
  return nullptr;
}

bool AresResolver::has_room(const std::string& share) const {
  if (under_way_.size() >= settings_.max_outstanding) return false;
  const auto found = of_share_.find(share);
  return share.empty() || found == of_share_.end() || found->second < settings_.max_of_share;
}

void AresResolver::work(const std::stop_token& stop) {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);  // signals are the main thread's
  const std::stop_callback wake(stop, [this] { waker_.wake(); });
  while (start_submitted(stop)) {
    wait_and_process();
    expire();
  }
  finish_all();
}

// False when the resolver ends.
bool AresResolver::start_submitted(const std::stop_token& stop) {
  std::vector<std::shared_ptr<Lookup>> lookups;
  {
    const base::MutexLock lock(mutex_);
    is_over_ = stop.stop_requested();
    if (is_over_) return false;
    lookups.swap(submitted_);
  }
  for (const auto& lookup : lookups) {
    by_deadline_.push_back(lookup);
    send(lookup, true);
  }
  return true;
}

void AresResolver::wait_and_process() {
  std::array<pollfd, 2> descriptors = {{{waker_.descriptor(), POLLIN, 0}, {channel_->descriptor(), POLLIN, 0}}};
  ::poll(descriptors.data(), descriptors.size(), poll_limit());
  if (descriptors.front().revents != 0) waker_.clear();
  channel_->process();
}

// In milliseconds, as poll() has it.
int AresResolver::poll_limit() const {
  auto limit = channel_->wait_limit().value_or(milliseconds(60'000));
  if (!by_deadline_.empty()) {
    const auto left = by_deadline_.front()->deadline - SteadyClock::now();
    limit = std::min(limit, std::max(std::chrono::ceil<milliseconds>(left), milliseconds(0)));
  }
  return static_cast<int>(limit.count());
}

void AresResolver::send(const std::shared_ptr<Lookup>& lookup, bool edns) {
  if (channel_->is_full(lookup->name)) return give_up(*lookup);
  channel_->send(
      lookup->name, encode_query(ids_.next(), lookup->name, lookup->question.type, edns),
      [this, lookup, edns](End end, std::span<const std::uint8_t> message) { on_message(lookup, edns, end, message); });
}

void AresResolver::on_message(const std::shared_ptr<Lookup>& lookup, bool edns, End end,
                              std::span<const std::uint8_t> message) {
  if (lookup->finished) return;
  if (end != End::answered) {
    return finish(*lookup, answer_without_records(end == End::timeout ? Status::timeout : Status::error));
  }
  auto response = decode_response(message, lookup->name, lookup->question.type);
  if (!response) return finish(*lookup, answer_without_records(Status::error));
  if (response->refuses_edns && edns) return send(lookup, false);
  if (response->refuses_edns) return finish(*lookup, answer_without_records(Status::error));
  on_response(lookup, *std::move(response));
}

void AresResolver::on_response(const std::shared_ptr<Lookup>& lookup, Response response) {
  // What a chain of answers says holds as long as its shortest part, and is authentic if all parts are.
  auto& answer = response.answer;
  lookup->authenticated = lookup->authenticated && answer.authenticated && channel_->is_local();
  answer.authenticated = lookup->authenticated;
  lookup->shortest_ttl = std::min(lookup->shortest_ttl, answer.ttl);
  answer.ttl = lookup->shortest_ttl;
  if (response.continue_at.empty()) return finish(*lookup, std::make_shared<Answer>(std::move(answer)));
  if (++lookup->restarts > max_restarts) return finish(*lookup, answer_without_records(Status::error));
  lookup->name = std::move(response.continue_at);
  send(lookup, true);
}

void AresResolver::expire() {
  const auto now = SteadyClock::now();
  while (!by_deadline_.empty() && (by_deadline_.front()->finished || by_deadline_.front()->deadline <= now)) {
    const auto lookup = std::move(by_deadline_.front());
    by_deadline_.pop_front();
    finish(*lookup, answer_without_records(Status::timeout));
  }
}

void AresResolver::finish(Lookup& lookup, const std::shared_ptr<const Answer>& answer) {
  if (lookup.finished) return;
  cache_.insert(lookup.question, answer, settings_.clock());
  conclude(lookup, answer);
}

// Not for the cache: it says something about us and not about the name.
void AresResolver::give_up(Lookup& lookup) {
  if (!lookup.finished) conclude(lookup, answer_without_records(Status::error));
}

void AresResolver::conclude(Lookup& lookup, const std::shared_ptr<const Answer>& answer) {
  lookup.finished = true;
  std::vector<Callback> callbacks;
  {
    const base::MutexLock lock(mutex_);
    under_way_.erase(lookup.question);
    if (const auto found = of_share_.find(lookup.share); --found->second == 0) of_share_.erase(found);
    callbacks.swap(lookup.callbacks);
  }
  for (const auto& callback : callbacks) callback(answer);
}

void AresResolver::finish_all() {
  channel_.reset();  // ends the queries that are out
  std::vector<std::shared_ptr<Lookup>> lookups;
  {
    const base::MutexLock lock(mutex_);
    for (const auto& [question, lookup] : under_way_) lookups.push_back(lookup);
  }
  for (const auto& lookup : lookups) give_up(*lookup);
}

}  // namespace

tl::expected<std::unique_ptr<Resolver>, std::string> make_resolver(const ResolverSettings& settings) {
  auto channel = AresChannel::open(settings);
  if (!channel) return tl::unexpected(std::move(channel.error()));
  return std::make_unique<AresResolver>(settings, *std::move(channel));
}

}  // namespace connectord::dns
