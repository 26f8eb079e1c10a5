#include "connectord/dns/lookup_driver.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "connectord/base/mutex.h"

namespace connectord::dns {
namespace {

struct Evaluation {
  LookupDriver::Step step;
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
// so that nothing is left behind. An answer that comes while the runner asks the resolver goes the same way. Whoever
// brings an answer does not become the runner: the thread that waits does, or a worker.
class LookupDriver::State : public std::enable_shared_from_this<LookupDriver::State> {
 public:
  State(Resolver& resolver, LookupDriverHelp help, LookupDriverLimits limits)
      : resolver_(resolver), help_(std::move(help)), limits_(limits) {}

  void start(Step step);
  bool wait_until(Time deadline, const std::stop_token& stop);
  void abandon();

 private:
  struct Inbox {
    std::vector<Evaluation> started;
    std::vector<Arrival> arrivals;
    bool empty() const { return started.empty() && arrivals.empty(); }
  };

  // Ends it also where a step throws.
  class Running {
   public:
    explicit Running(State& state) : state_(state) {}
    ~Running() {
      state_.mutex_.assert_held();
      state_.end_run();
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    State& state_;
  };

  void run() REQUIRES(mutex_);
  void end_run() REQUIRES(mutex_);
  // For the runner.
  void take(Inbox inbox);
  void run_due(bool expired);
  void run_one(Evaluation evaluation, bool expired);
  void ask(const Question& question, bool expired);
  void learn(const Question& question, std::shared_ptr<const Answer> answer);
  void answer_all_missing();
  void arrived(const Question& question, std::shared_ptr<const Answer> answer);
  void work();
  bool is_abandoned() const;

  Resolver& resolver_;
  const LookupDriverHelp help_;
  const LookupDriverLimits limits_;

  mutable base::Mutex mutex_;
  base::ConditionVariable changed_;
  Inbox inbox_ GUARDED_BY(mutex_);
  std::size_t incomplete_ GUARDED_BY(mutex_) = 0;  // evaluations
  bool expired_ GUARDED_BY(mutex_) = false;
  bool abandoned_ GUARDED_BY(mutex_) = false;
  std::size_t waiting_ GUARDED_BY(mutex_) = 0;  // threads in wait_until()
  bool submitted_ GUARDED_BY(mutex_) = false;   // a worker will come
  bool has_runner_ GUARDED_BY(mutex_) = false;

  DnsAnswers answers_;  // the runner's, as all from here
  std::vector<Evaluation> evaluations_;
  std::set<Question> asked_;
  std::set<Question> answered_;
};

void LookupDriver::State::start(Step step) {
  const base::MutexLock lock(mutex_);
  ++incomplete_;
  inbox_.started.push_back({std::move(step), {}, true});
  run();
}

bool LookupDriver::State::wait_until(Time deadline, const std::stop_token& stop) {
  const base::MutexLock lock(mutex_);
  const auto complete = [this]() REQUIRES(mutex_) { return incomplete_ == 0; };
  const auto has_work = [this]() REQUIRES(mutex_) { return !has_runner_ && !inbox_.empty(); };
  ++waiting_;
  bool in_time = true;
  for (run(); in_time && !complete(); run()) {
    const auto limit =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    in_time = changed_.wait_for(mutex_, stop, limit, [&]() REQUIRES(mutex_) { return complete() || has_work(); });
  }
  --waiting_;
  if (complete()) return true;
  expired_ = true;
  run();
  changed_.wait(mutex_, complete);  // where another thread is the runner it ends them
  return false;
}

void LookupDriver::State::abandon() {
  const base::MutexLock lock(mutex_);
  abandoned_ = true;
  changed_.wait(mutex_, [this]() REQUIRES(mutex_) { return !has_runner_; });
  inbox_ = {};
  evaluations_.clear();
}

bool LookupDriver::State::is_abandoned() const {
  const base::MutexLock lock(mutex_);
  return abandoned_;
}

// Becomes the runner, unless there is one, and works until nothing is to be done now.
void LookupDriver::State::run() {
  if (has_runner_ || abandoned_) return;
  has_runner_ = true;
  const Running running(*this);
  bool ends = false;  // `expired_` has been acted on
  while (!abandoned_ && (!inbox_.empty() || (expired_ && !ends))) {
    ends = expired_;
    Inbox inbox = std::exchange(inbox_, {});
    const base::MutexUnlock unlocked(mutex_);
    take(std::move(inbox));
    if (ends) answer_all_missing();
    run_due(ends);
  }
}

void LookupDriver::State::end_run() {
  if (abandoned_) evaluations_.clear();
  incomplete_ = abandoned_ ? 0 : evaluations_.size() + inbox_.started.size();
  has_runner_ = false;
  changed_.notify_all();
}

void LookupDriver::State::take(Inbox inbox) {
  for (auto& evaluation : inbox.started) evaluations_.push_back(std::move(evaluation));
  for (auto& arrival : inbox.arrivals) learn(arrival.question, std::move(arrival.answer));
}

// The first answer to a question counts: one that comes after the time was over changes nothing.
void LookupDriver::State::learn(const Question& question, std::shared_ptr<const Answer> answer) {
  if (!answered_.insert(question).second) return;
  answers_.add(question, std::move(answer));
  for (auto& evaluation : evaluations_) {
    const auto& waits_for = evaluation.waits_for;
    if (std::find(waits_for.begin(), waits_for.end(), question) != waits_for.end()) evaluation.due = true;
  }
}

void LookupDriver::State::answer_all_missing() {
  for (const auto& question : asked_) learn(question, answer_without_records(Status::timeout));
}

void LookupDriver::State::run_due(bool expired) {
  for (;;) {
    const auto due = std::find_if(evaluations_.begin(), evaluations_.end(), [](const auto& each) { return each.due; });
    if (due == evaluations_.end() || is_abandoned()) return;
    Evaluation evaluation = std::move(*due);
    evaluations_.erase(due);
    run_one(std::move(evaluation), expired);
  }
}

void LookupDriver::State::run_one(Evaluation evaluation, bool expired) {
  const bool complete = evaluation.step(answers_);
  const std::vector<Question> questions = answers_.take_missing();
  // A step that waits for nothing would never run again: a bug of its own, which must not stop the mail.
  const bool ends = complete || questions.empty();
  if (!ends) {
    evaluation.due = false;
    evaluation.waits_for = questions;
    evaluations_.push_back(std::move(evaluation));
  }
  for (const auto& question : questions) ask(question, expired);
}

void LookupDriver::State::ask(const Question& question, bool expired) {
  if (!asked_.insert(question).second) return;
  if (asked_.size() > limits_.questions) return learn(question, answer_without_records(Status::error));
  if (expired) return learn(question, answer_without_records(Status::timeout));
  resolver_.resolve(question, help_.share, [self = weak_from_this(), question](std::shared_ptr<const Answer> answer) {
    if (const auto state = self.lock()) state->arrived(question, std::move(answer));
  });
}

// On the thread that brings the answer, which may be the runner itself.
void LookupDriver::State::arrived(const Question& question, std::shared_ptr<const Answer> answer) {
  {
    const base::MutexLock lock(mutex_);
    inbox_.arrivals.push_back({question, std::move(answer)});
    if (has_runner_ || abandoned_) return;
    if (waiting_ != 0) changed_.notify_all();
    if (waiting_ != 0 || submitted_ || help_.workers == nullptr) return;
    submitted_ = true;
  }
  // A message that is gone when its turn comes costs nothing.
  const bool taken = help_.workers->submit(help_.share, [self = weak_from_this()] {
    if (const auto state = self.lock()) state->work();
  });
  if (taken) return;
  const base::MutexLock lock(mutex_);
  submitted_ = false;
}

void LookupDriver::State::work() {
  const base::MutexLock lock(mutex_);
  submitted_ = false;
  run();
}

LookupDriver::LookupDriver(Resolver& resolver, LookupDriverHelp help, LookupDriverLimits limits)
    : state_(std::make_shared<State>(resolver, std::move(help), limits)) {}

LookupDriver::~LookupDriver() {
  state_->abandon();
}

void LookupDriver::start(Step step) {
  state_->start(std::move(step));
}

bool LookupDriver::wait_until(Time deadline, const std::stop_token& stop) {
  return state_->wait_until(deadline, stop);
}

}  // namespace connectord::dns
