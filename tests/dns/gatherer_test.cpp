#include "connectord/dns/gatherer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "dns/zone.h"

namespace connectord::dns::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Answers when the test says so.
class HeldResolver : public Resolver {
 public:
  void resolve(const Question& question, Callback callback) override {
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
  void resolve(const Question& question, Callback callback) override {
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

// A step that wants all these names at once; notes how they ended.
Gatherer::Step wants(std::vector<std::string> names, std::map<std::string, Status>& seen) {
  return [names = std::move(names), &seen](Knowledge& knowledge) {
    bool complete = true;
    for (const auto& name : names) {
      const Answer* answer = knowledge.ask({name, Type::txt});
      if (answer == nullptr) {
        complete = false;
      } else {
        seen[name] = answer->status;
      }
    }
    return complete;
  };
}

TEST(Gatherer, CompletesAtOnceWhereAnswersAreThere) {
  Zone zone;
  zone.txt("one.example", "two.example").txt("two.example", "end");
  ZoneResolver resolver(zone);
  Gatherer gatherer(resolver);
  int completions = 0;
  std::string end;
  gatherer.start(
      [&](Knowledge& knowledge) {
        const Answer* one = knowledge.ask({"one.example", Type::txt});
        if (one == nullptr) return false;
        const Answer* two = knowledge.ask({one->texts.front(), Type::txt});
        if (two == nullptr) return false;
        end = two->texts.front();
        return true;
      },
      [&] { ++completions; });
  EXPECT_EQ(end, "end");
  EXPECT_EQ(completions, 1);
  EXPECT_TRUE(gatherer.wait_until(Clock::now()));
}

TEST(Gatherer, AsksForAllThatIsMissingTogetherAndOnce) {
  HeldResolver resolver;
  Gatherer gatherer(resolver);
  std::map<std::string, Status> first, second;
  int completions = 0;
  gatherer.start(wants({"a.example", "b.example"}, first), [&] { ++completions; });
  gatherer.start(wants({"b.example", "c.example"}, second), [&] { ++completions; });
  EXPECT_EQ(resolver.names(), (std::vector<std::string>{"a.example", "b.example", "c.example"}));
  resolver.answer("b.example", "");
  EXPECT_EQ(completions, 0);
  resolver.answer("c.example", "");
  EXPECT_EQ(completions, 1);
  EXPECT_FALSE(gatherer.is_complete());
  resolver.answer("a.example", "");
  EXPECT_EQ(completions, 2);
  EXPECT_TRUE(gatherer.is_complete());
  EXPECT_EQ(first.size() + second.size(), 4U);
}

TEST(Gatherer, EndsWhatIsMissingWhenTheTimeIsOver) {
  HeldResolver resolver;
  Gatherer gatherer(resolver);
  std::map<std::string, Status> seen, late;
  int completions = 0;
  gatherer.start(wants({"known.example", "slow.example"}, seen), [&] { ++completions; });
  resolver.answer("known.example", "");
  EXPECT_FALSE(gatherer.wait_until(Clock::now() + 10ms));
  EXPECT_EQ(seen["known.example"], Status::found);
  EXPECT_EQ(seen["slow.example"], Status::timeout);
  resolver.answer("slow.example", "too late");
  EXPECT_EQ(completions, 1) << "exactly once";
  gatherer.start(wants({"later.example", "known.example"}, late), [&] { ++completions; });
  EXPECT_EQ(late["later.example"], Status::timeout) << "what is asked after the time is over";
  EXPECT_EQ(late["known.example"], Status::found);
  EXPECT_EQ(completions, 2);
  EXPECT_TRUE(resolver.names().empty());
}

TEST(Gatherer, BoundsTheQuestionsOfAMessage) {
  Zone zone;
  zone.txt("0.example", "").txt("1.example", "").txt("2.example", "");
  ZoneResolver resolver(zone);
  Gatherer gatherer(resolver, {2});
  std::map<std::string, Status> seen;
  gatherer.start(wants({"0.example", "1.example", "2.example"}, seen));
  EXPECT_TRUE(gatherer.is_complete());
  EXPECT_EQ(seen["1.example"], Status::found);
  EXPECT_EQ(seen["2.example"], Status::error);
}

TEST(Gatherer, DropsWhatIsNotCompleteWhenItEnds) {
  HeldResolver resolver;
  std::map<std::string, Status> seen;
  int completions = 0;
  {
    Gatherer gatherer(resolver);
    gatherer.start(wants({"slow.example"}, seen), [&] { ++completions; });
  }
  resolver.answer("slow.example", "nobody listens");
  EXPECT_EQ(completions, 0);
  EXPECT_TRUE(seen.empty());
}

TEST(Gatherer, MayBeDestroyedInACompletion) {
  Zone zone;
  ZoneResolver resolver(zone);
  auto gatherer = std::make_unique<Gatherer>(resolver);
  Gatherer& started = *gatherer;
  std::map<std::string, Status> seen;
  started.start(wants({"none.example"}, seen), [&] { gatherer.reset(); });
  EXPECT_EQ(gatherer, nullptr);
  EXPECT_EQ(seen["none.example"], Status::nxdomain);
}

TEST(Gatherer, TakesFurtherWorkFromACompletion) {
  Zone zone;
  ZoneResolver resolver(zone);
  Gatherer gatherer(resolver);
  std::map<std::string, Status> seen;
  gatherer.start(wants({"first.example"}, seen), [&] { gatherer.start(wants({"second.example"}, seen)); });
  EXPECT_EQ(seen.size(), 2U);
  EXPECT_TRUE(gatherer.is_complete());
}

TEST(Gatherer, EndsAStepThatWaitsForNothing) {
  Zone zone;
  ZoneResolver resolver(zone);
  Gatherer gatherer(resolver);
  gatherer.start([](Knowledge&) { return false; });
  EXPECT_TRUE(gatherer.is_complete());
}

// To be run with the thread sanitizer too.
TEST(Gatherer, RunsOneStepAtATimeWhileAnswersComeFromManyThreads) {
  for (int round = 0; round < 30; ++round) {
    ThreadedResolver resolver;
    Gatherer gatherer(resolver);
    int running = 0;  // not atomic: only one may be here
    std::atomic<int> completions = 0;
    for (int i = 0; i < 4; ++i) {
      gatherer.start(
          [&running, i](Knowledge& knowledge) {
            EXPECT_EQ(++running, 1);
            bool complete = true;
            for (int k = 0; k < 5; ++k) {
              complete = knowledge.ask({std::to_string(i * 3 + k) + ".example", Type::txt}) != nullptr && complete;
            }
            --running;
            return complete;
          },
          [&] { ++completions; });
    }
    EXPECT_TRUE(gatherer.wait_until(Clock::now() + 20s));
    EXPECT_EQ(completions, 4);
  }
}

TEST(Gatherer, MayBeDestroyedWhileAnswersCome) {
  for (int round = 0; round < 50; ++round) {
    ThreadedResolver resolver;
    auto owned = std::make_unique<int>(0);  // what the steps use goes right behind the gatherer
    {
      Gatherer gatherer(resolver);
      gatherer.start([&owned](Knowledge& knowledge) {
        ++*owned;
        bool complete = true;
        for (int k = 0; k < 8; ++k) {
          complete = knowledge.ask({std::to_string(k) + ".example", Type::txt}) != nullptr && complete;
        }
        return complete;
      });
      if (round % 2 == 0) std::this_thread::yield();
      if (round % 3 == 0) gatherer.expire();
    }
    owned.reset();
    resolver.join();
  }
}

}  // namespace
}  // namespace connectord::dns::testing
