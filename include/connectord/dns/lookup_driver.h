#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "connectord/dns/dns_answers.h"
#include "connectord/dns/resolver.h"
#include "connectord/dns/workers.h"

namespace connectord::dns {

struct LookupDriverLimits {
  std::size_t questions = 120;  // of one message, all protocols together; those beyond are answered Status::error
};

// Who works on answers that come while nobody waits. Where there is nobody, or there is no room, they are left for the
// next thread that calls anything.
struct LookupDriverHelp {
  Workers* workers = nullptr;  // must outlive the lookups
  std::string share{};         // whose message it is, to them and to the resolver
};

// Drives the evaluations of one message over a resolver: a step runs, the questions that it misses go out together, and
// when answers come it runs again, until it is complete. Evaluations share the answers of DNS, so that a question that
// two of them have is asked once.
//
// Thread-safe. Steps run one at a time, without a lock held, and never on the thread that brings an answer: on one that
// calls `start` or `wait_until`, which works on what comes while it waits; where nobody waits, on one of the workers'.
// They must not block.
class LookupDriver {
 public:
  // True when the evaluation is complete; it will not run again, and what it has asked for goes out for others.
  // Otherwise it must have asked for something unknown.
  using Step = std::function<bool(DnsAnswers&)>;
  using Time = std::chrono::steady_clock::time_point;

  // The resolver must outlive the lookups.
  explicit LookupDriver(Resolver& resolver, LookupDriverHelp help = {}, LookupDriverLimits limits = {});
  // Evaluations that are not complete are dropped. Waits for a step that runs on another thread; must not happen in a
  // step.
  ~LookupDriver();
  LookupDriver(const LookupDriver&) = delete;
  LookupDriver& operator=(const LookupDriver&) = delete;

  // Runs the step at once. May be called from a step, whose successor it is then.
  void start(Step step);
  // Waits until all evaluations are complete. At the deadline the time is over: what is missing, now and from now on,
  // counts as Status::timeout, so that all of them end; a request to stop is the same. True if none had to end so. Not
  // to be called from a step.
  bool wait_until(Time deadline, const std::stop_token& stop = {});

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace connectord::dns
