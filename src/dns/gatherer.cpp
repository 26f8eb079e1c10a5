#include "connectord/dns/gatherer.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace connectord::dns {
namespace {

struct Evaluation {
  Gatherer::Step step;
  Gatherer::Completion completion;
  std::vector<Question> waits_for;
  bool due = true;
};

struct Arrival {
  Question question;
  std::shared_ptr<const Answer> answer;
};

}  // namespace

// One thread at a time is the runner: it alone touches what belongs to the evaluations, and runs them without a lock.
// Others leave what they bring in the inbox, under the lock; the runner looks there before it stops being the runner,
// so that nothing is left behind. An answer that comes while the runner asks the resolver goes the same way.
class Gatherer::State : public std::enable_shared_from_this<Gatherer::State> {
 public:
  State(Resolver& resolver, GathererLimits limits) : resolver_(resolver), limits_(limits) {}

  void start(Step step, Completion completion);
  void expire();
  bool wait_until(Time deadline);
  bool is_complete() const;
  void abandon();

 private:
  struct Inbox {
    std::vector<Evaluation> started;
    std::vector<Arrival> arrivals;
    bool empty() const { return started.empty() && arrivals.empty(); }
  };

  void run(std::unique_lock<std::mutex>& lock);
  // Of the runner.
  void take(Inbox inbox);
  void run_due(bool expired);
  void run_one(Evaluation evaluation, bool expired);
  void ask(const Question& question, bool expired);
  void learn(const Question& question, std::shared_ptr<const Answer> answer);
  void answer_all_missing();
  void arrived(const Question& question, std::shared_ptr<const Answer> answer);
  bool is_abandoned() const;

  Resolver& resolver_;
  const GathererLimits limits_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Inbox inbox_;                 // under the lock, as all up to `runner_`
  std::size_t incomplete_ = 0;  // evaluations
  bool expired_ = false;
  bool abandoned_ = false;
  std::optional<std::thread::id> runner_;

  Knowledge knowledge_;  // the runner's, as all from here
  std::vector<Evaluation> evaluations_;
  std::set<Question> asked_;
  std::set<Question> answered_;
};

void Gatherer::State::start(Step step, Completion completion) {
  std::unique_lock lock(mutex_);
  ++incomplete_;
  inbox_.started.push_back({std::move(step), std::move(completion), {}, true});
  run(lock);
}

void Gatherer::State::expire() {
  std::unique_lock lock(mutex_);
  expired_ = true;
  run(lock);
}

bool Gatherer::State::wait_until(Time deadline) {
  std::unique_lock lock(mutex_);
  const auto complete = [this] { return incomplete_ == 0; };
  const bool in_time = changed_.wait_until(lock, deadline, complete);
  if (in_time) return true;
  expired_ = true;
  run(lock);
  changed_.wait(lock, complete);  // where another thread is the runner it ends them
  return false;
}

bool Gatherer::State::is_complete() const {
  const std::lock_guard lock(mutex_);
  return incomplete_ == 0;
}

void Gatherer::State::abandon() {
  std::unique_lock lock(mutex_);
  abandoned_ = true;
  if (runner_ == std::this_thread::get_id()) return;  // in a completion; the runner sees it when that returns
  changed_.wait(lock, [this] { return !runner_; });
  inbox_ = {};
  evaluations_.clear();
}

bool Gatherer::State::is_abandoned() const {
  const std::lock_guard lock(mutex_);
  return abandoned_;
}

// Becomes the runner, unless there is one, and works until nothing is to be done now.
void Gatherer::State::run(std::unique_lock<std::mutex>& lock) {
  if (runner_ || abandoned_) return;
  runner_ = std::this_thread::get_id();
  bool ends = false;  // `expired_` has been acted on
  while (!abandoned_ && (!inbox_.empty() || (expired_ && !ends))) {
    ends = expired_;
    Inbox inbox = std::exchange(inbox_, {});
    lock.unlock();
    take(std::move(inbox));
    if (ends) answer_all_missing();
    run_due(ends);
    lock.lock();
  }
  if (abandoned_) evaluations_.clear();
  incomplete_ = abandoned_ ? 0 : evaluations_.size();
  runner_.reset();
  changed_.notify_all();
}

void Gatherer::State::take(Inbox inbox) {
  for (auto& evaluation : inbox.started) evaluations_.push_back(std::move(evaluation));
  for (auto& arrival : inbox.arrivals) learn(arrival.question, std::move(arrival.answer));
}

// The first answer to a question counts: one that comes after the time was over changes nothing.
void Gatherer::State::learn(const Question& question, std::shared_ptr<const Answer> answer) {
  if (!answered_.insert(question).second) return;
  knowledge_.add(question, std::move(answer));
  for (auto& evaluation : evaluations_) {
    const auto& waits_for = evaluation.waits_for;
    if (std::find(waits_for.begin(), waits_for.end(), question) != waits_for.end()) evaluation.due = true;
  }
}

void Gatherer::State::answer_all_missing() {
  for (const auto& question : asked_) learn(question, answer_without_records(Status::timeout));
}

void Gatherer::State::run_due(bool expired) {
  for (;;) {
    const auto due = std::find_if(evaluations_.begin(), evaluations_.end(), [](const auto& each) { return each.due; });
    if (due == evaluations_.end() || is_abandoned()) return;
    Evaluation evaluation = std::move(*due);
    evaluations_.erase(due);
    run_one(std::move(evaluation), expired);
  }
}

void Gatherer::State::run_one(Evaluation evaluation, bool expired) {
  const bool complete = evaluation.step(knowledge_);
  evaluation.waits_for = knowledge_.take_missing();
  // A step that waits for nothing would never run again: a bug of its own, which must not stop the mail.
  if (complete || evaluation.waits_for.empty()) {
    if (evaluation.completion) evaluation.completion();
    return;
  }
  evaluation.due = false;
  const std::vector<Question> questions = evaluation.waits_for;
  evaluations_.push_back(std::move(evaluation));
  for (const auto& question : questions) ask(question, expired);
}

void Gatherer::State::ask(const Question& question, bool expired) {
  if (!asked_.insert(question).second) return;
  if (asked_.size() > limits_.questions) return learn(question, answer_without_records(Status::error));
  if (expired) return learn(question, answer_without_records(Status::timeout));
  resolver_.resolve(question, [self = weak_from_this(), question](std::shared_ptr<const Answer> answer) {
    if (const auto state = self.lock()) state->arrived(question, std::move(answer));
  });
}

void Gatherer::State::arrived(const Question& question, std::shared_ptr<const Answer> answer) {
  std::unique_lock lock(mutex_);
  inbox_.arrivals.push_back({question, std::move(answer)});
  run(lock);
}

Gatherer::Gatherer(Resolver& resolver, GathererLimits limits) : state_(std::make_shared<State>(resolver, limits)) {}

Gatherer::~Gatherer() {
  state_->abandon();
}

// The copies keep the state where a completion destroys the gatherer.
void Gatherer::start(Step step, Completion completion) {
  const auto state = state_;
  state->start(std::move(step), std::move(completion));
}

void Gatherer::expire() {
  const auto state = state_;
  state->expire();
}

bool Gatherer::wait_until(Time deadline) {
  return state_->wait_until(deadline);
}

bool Gatherer::is_complete() const {
  return state_->is_complete();
}

}  // namespace connectord::dns
