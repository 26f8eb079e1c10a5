#include "connectord/dns/lookup_driver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <new>
#include <thread>

#include "dns/zone.h"

namespace connectord::dns::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Answers when the test says so.
class HeldResolver : public Resolver {
 public:
  void resolve(const Question& question, const std::string&, Callback callback) override {
    const std::lock_guard lock(mutex_);
    held_.emplace_back(question, std::move(callback));
  }
  std::vector<std::string> names() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [question, callback] : held_) names.push_back(question.name);
    return names;
  }
  void answer(const std::string& name, std::string text) {
    Callback callback;
    {
      const std::lock_guard lock(mutex_);
      const auto found =
          std::find_if(held_.begin(), held_.end(), [&](const auto& each) { return each.first.name == name; });
      ASSERT_NE(found, held_.end()) << name;
      callback = std::move(found->second);
      held_.erase(found);
    }
    Answer answer;
    answer.status = Status::found;
    answer.texts = {std::move(text)};
    callback(std::make_shared<Answer>(answer));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<Question, Callback>> held_;
};

// Answers each question from a thread of its own, at about the same time.
class ThreadedResolver : public Resolver {
 public:
  ~ThreadedResolver() override { join(); }
  void resolve(const Question& question, const std::string&, Callback callback) override {
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([question, callback = std::move(callback)] {
      Answer answer;
      answer.status = Status::found;
      answer.texts = {question.name};
      callback(std::make_shared<Answer>(answer));
    });
  }
  void join() {
    std::vector<std::thread> threads;
    {
      const std::lock_guard lock(mutex_);
      threads.swap(threads_);
    }
    for (auto& thread : threads) thread.join();
  }

 private:
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

// Works at once, on the thread that asks it to.
class InlineWorkers : public Workers {
 public:
  bool submit(const std::string&, Job job) override {
    job();
    return true;
  }
};

// Works when the test says so; takes as many jobs as there is room for.
class HeldWorkers : public Workers {
 public:
  explicit HeldWorkers(std::size_t room = 100) : room_(room) {}
  bool submit(const std::string& share, Job job) override {
    if (jobs_.size() >= room_) return false;
    jobs_.emplace_back(share, std::move(job));
    return true;
  }
  std::vector<std::string> shares() const {
    std::vector<std::string> shares;
    for (const auto& [share, job] : jobs_) shares.push_back(share);
    return shares;
  }
  void work() {
    for (auto& [share, job] : std::exchange(jobs_, {})) job();
  }

 private:
  std::size_t room_;
  std::vector<std::pair<std::string, Job>> jobs_;
};

// A step that wants all these names at once; notes how they ended, and counts how often it was complete.
LookupDriver::Step wants(std::vector<std::string> names, std::map<std::string, Status>& seen,
                         int* completions = nullptr) {
  return [names = std::move(names), &seen, completions](DnsAnswers& dns_answers) {
    bool complete = true;
    for (const auto& name : names) {
      const Answer* answer = dns_answers.ask({name, Type::txt});
      if (answer == nullptr) {
        complete = false;
      } else {
        seen[name] = answer->status;
      }
    }
    if (complete && completions != nullptr) ++*completions;
    return complete;
  };
}

TEST(LookupDriver, CompletesAtOnceWhereAnswersAreThere) {
  Zone zone;
  zone.txt("one.example", "two.example").txt("two.example", "end");
  ZoneResolver resolver(zone);
  LookupDriver lookups(resolver);
  int completions = 0;
  std::string end;
  lookups.start([&](DnsAnswers& dns_answers) {
    const Answer* one = dns_answers.ask({"one.example", Type::txt});
    if (one == nullptr) return false;
    const Answer* two = dns_answers.ask({one->texts.front(), Type::txt});
    if (two == nullptr) return false;
    end = two->texts.front();
    ++completions;
    return true;
  });
  EXPECT_EQ(end, "end");
  EXPECT_EQ(completions, 1);
  EXPECT_TRUE(lookups.wait_until(Clock::now()));
}

TEST(LookupDriver, AsksForAllThatIsMissingTogetherAndOnce) {
  HeldResolver resolver;
  InlineWorkers workers;
  LookupDriver lookups(resolver, {&workers, ""});
  std::map<std::string, Status> first, second;
  int completions = 0;
  lookups.start(wants({"a.example", "b.example"}, first, &completions));
  lookups.start(wants({"b.example", "c.example"}, second, &completions));
  EXPECT_EQ(resolver.names(), (std::vector<std::string>{"a.example", "b.example", "c.example"}));
  resolver.answer("b.example", "");
  EXPECT_EQ(completions, 0);
  resolver.answer("c.example", "");
  EXPECT_EQ(completions, 1);
  resolver.answer("a.example", "");
  EXPECT_EQ(completions, 2);
  EXPECT_TRUE(lookups.wait_until(Clock::now()));
  EXPECT_EQ(first.size() + second.size(), 4U);
}

TEST(LookupDriver, AsksAheadForWhatACompleteStepNotes) {
  HeldResolver resolver;
  InlineWorkers workers;
  LookupDriver lookups(resolver, {&workers, ""});
  lookups.start([](DnsAnswers& dns_answers) {
    dns_answers.ask({"later.example", Type::txt});
    return true;
  });
  EXPECT_TRUE(lookups.wait_until(Clock::now()));
  EXPECT_EQ(resolver.names(), (std::vector<std::string>{"later.example"}));
  std::map<std::string, Status> seen;
  lookups.start(wants({"later.example"}, seen));
  EXPECT_EQ(resolver.names().size(), 1U) << "asked once";
  resolver.answer("later.example", "x");
  EXPECT_EQ(seen.at("later.example"), Status::found);
}

TEST(LookupDriver, EndsWhatIsMissingWhenTheTimeIsOver) {
  HeldResolver resolver;
  InlineWorkers workers;
  LookupDriver lookups(resolver, {&workers, ""});
  std::map<std::string, Status> seen, late;
  int completions = 0;
  lookups.start(wants({"known.example", "slow.example"}, seen, &completions));
  resolver.answer("known.example", "");
  EXPECT_FALSE(lookups.wait_until(Clock::now() + 10ms));
  EXPECT_EQ(seen["known.example"], Status::found);
  EXPECT_EQ(seen["slow.example"], Status::timeout);
  resolver.answer("slow.example", "too late");
  EXPECT_EQ(completions, 1) << "exactly once";
  lookups.start(wants({"later.example", "known.example"}, late, &completions));
  EXPECT_EQ(late["later.example"], Status::timeout) << "what is asked after the time is over";
  EXPECT_EQ(late["known.example"], Status::found);
  EXPECT_EQ(completions, 2);
  EXPECT_TRUE(resolver.names().empty());
}

TEST(LookupDriver, BoundsTheQuestionsOfAMessage) {
  Zone zone;
  zone.txt("0.example", "").txt("1.example", "").txt("2.example", "");
  ZoneResolver resolver(zone);
  LookupDriver lookups(resolver, {}, {2});
  std::map<std::string, Status> seen;
  lookups.start(wants({"0.example", "1.example", "2.example"}, seen));
  EXPECT_TRUE(lookups.wait_until(Clock::now()));
  EXPECT_EQ(seen["1.example"], Status::found);
  EXPECT_EQ(seen["2.example"], Status::error);
}

TEST(LookupDriver, DropsWhatIsNotCompleteWhenItEnds) {
  HeldResolver resolver;
  std::map<std::string, Status> seen;
  int completions = 0;
  {
    LookupDriver lookups(resolver);
    lookups.start(wants({"slow.example"}, seen, &completions));
  }
  resolver.answer("slow.example", "nobody listens");
  EXPECT_EQ(completions, 0);
  EXPECT_TRUE(seen.empty());
}

TEST(LookupDriver, TakesFurtherWorkFromAStep) {
  Zone zone;
  ZoneResolver resolver(zone);
  LookupDriver lookups(resolver);
  std::map<std::string, Status> seen;
  const auto first = wants({"first.example"}, seen);
  lookups.start([&, first](DnsAnswers& dns_answers) {
    if (!first(dns_answers)) return false;
    lookups.start(wants({"second.example"}, seen));
    return true;
  });
  EXPECT_EQ(seen.size(), 2U);
  EXPECT_TRUE(lookups.wait_until(Clock::now()));
}

TEST(LookupDriver, GoesOnAfterAStepThatThrows) {
  Zone zone;
  ZoneResolver resolver(zone);
  LookupDriver lookups(resolver);
  EXPECT_THROW(lookups.start([](DnsAnswers&) -> bool { throw std::bad_alloc(); }), std::bad_alloc);
  std::map<std::string, Status> seen;
  lookups.start(wants({"none.example"}, seen));
  EXPECT_EQ(seen["none.example"], Status::nxdomain);
  EXPECT_TRUE(lookups.wait_until(Clock::now()));
}

TEST(LookupDriver, EndsAStepThatWaitsForNothing) {
  Zone zone;
  ZoneResolver resolver(zone);
  LookupDriver lookups(resolver);
  lookups.start([](DnsAnswers&) { return false; });
  EXPECT_TRUE(lookups.wait_until(Clock::now()));
}

TEST(LookupDriver, LeavesAnswersToTheWorkersAsOneJob) {
  HeldResolver resolver;
  HeldWorkers workers;
  LookupDriver lookups(resolver, {&workers, "192.0.2"});
  std::map<std::string, Status> seen;
  lookups.start(wants({"a.example", "b.example"}, seen));
  resolver.answer("a.example", "a");
  resolver.answer("b.example", "b");
  EXPECT_TRUE(seen.empty()) << "who brings an answer runs nothing";
  EXPECT_EQ(workers.shares(), (std::vector<std::string>{"192.0.2"}));
  workers.work();
  EXPECT_EQ(seen.size(), 2U);
  EXPECT_TRUE(lookups.wait_until(Clock::now()));
}

TEST(LookupDriver, RunsNothingOfAMessageThatIsGoneWhenItsTurnComes) {
  HeldResolver resolver;
  HeldWorkers workers;
  std::map<std::string, Status> seen;
  {
    LookupDriver lookups(resolver, {&workers, ""});
    lookups.start(wants({"a.example"}, seen));
    resolver.answer("a.example", "a");
  }
  EXPECT_EQ(workers.shares().size(), 1U);
  workers.work();
  EXPECT_TRUE(seen.empty());
}

TEST(LookupDriver, HasTheWaitingThreadWorkWhereTheWorkersHaveNoRoom) {
  HeldResolver resolver;
  HeldWorkers none(0);
  LookupDriver lookups(resolver, {&none, ""});
  std::map<std::string, Status> seen;
  lookups.start(wants({"a.example"}, seen));
  resolver.answer("a.example", "a");
  EXPECT_TRUE(seen.empty());
  EXPECT_TRUE(lookups.wait_until(Clock::now()));
  EXPECT_EQ(seen.at("a.example"), Status::found);
}

TEST(LookupDriver, HasTheWaitingThreadWorkOnWhatComesMeanwhile) {
  ThreadedResolver resolver;
  LookupDriver lookups(resolver);
  std::map<std::string, std::thread::id> ran_on;
  // Each name is asked for when the one before is known, so that most answers come while the thread waits.
  lookups.start([&ran_on](DnsAnswers& dns_answers) {
    for (const std::string name : {"a.example", "b.example", "c.example", "d.example"}) {
      if (dns_answers.ask({name, Type::txt}) == nullptr) return false;
      ran_on[name] = std::this_thread::get_id();
    }
    return true;
  });
  EXPECT_TRUE(lookups.wait_until(Clock::now() + 20s));
  EXPECT_EQ(ran_on.size(), 4U);
  for (const auto& [name, thread] : ran_on) EXPECT_EQ(thread, std::this_thread::get_id()) << name;
}

// To be run with the thread sanitizer too, as those below.
TEST(LookupDriver, RunsOneStepAtATimeWhileAnswersComeFromManyThreads) {
  for (int round = 0; round < 30; ++round) {
    const auto workers = make_workers({.threads = 3});
    ThreadedResolver resolver;
    LookupDriver lookups(resolver, {workers.get(), "share"});
    int running = 0;  // not atomic: only one may be here
    int completions = 0;
    for (int i = 0; i < 4; ++i) {
      lookups.start([&running, &completions, i](DnsAnswers& dns_answers) {
        EXPECT_EQ(++running, 1);
        bool complete = true;
        for (int k = 0; k < 5; ++k) {
          complete = dns_answers.ask({std::to_string(i * 3 + k) + ".example", Type::txt}) != nullptr && complete;
        }
        --running;
        completions += complete ? 1 : 0;
        return complete;
      });
    }
    EXPECT_TRUE(lookups.wait_until(Clock::now() + 20s));
    EXPECT_EQ(completions, 4);
  }
}

TEST(LookupDriver, MayBeDestroyedWhileThreadsBringAnswers) {
  for (int round = 0; round < 50; ++round) {
    const auto workers = make_workers({.threads = 2});
    ThreadedResolver resolver;
    auto owned = std::make_unique<int>(0);  // what the steps use goes right behind the lookups
    {
      LookupDriver lookups(resolver, {workers.get(), "share"});
      lookups.start([&owned](DnsAnswers& dns_answers) {
        ++*owned;
        bool complete = true;
        for (int k = 0; k < 8; ++k) {
          complete = dns_answers.ask({std::to_string(k) + ".example", Type::txt}) != nullptr && complete;
        }
        return complete;
      });
      if (round % 2 == 0) std::this_thread::yield();
      if (round % 3 == 0) lookups.wait_until(Clock::now());
    }
    owned.reset();
    resolver.join();
  }
}

}  // namespace
}  // namespace connectord::dns::testing
