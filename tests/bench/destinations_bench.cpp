#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "connectord/base/files.h"
#include "connectord/delivery/advisor.h"
#include "connectord/engine/policy.h"
#include "connectord/log/logger.h"
#include "connectord/sts/policy_book.h"
#include "socketmap/maps.h"

namespace connectord::socketmap {
namespace {

constexpr std::int64_t now = 1'800'000'000;

std::string domain_of(std::size_t number) {
  return "destination-" + std::to_string(number) + ".example";
}

class Silent : public log::Logger {
 public:
  void write(const log::Record&) override {}
};

// Every domain has the record of the policy that is kept, and nothing else.
class Records : public dns::Resolver {
 public:
  void resolve(const dns::Question& question, const std::string&, Callback callback) override {
    auto answer = std::make_shared<dns::Answer>();
    answer->ttl = std::chrono::hours(1);
    if (question.type == dns::Type::txt) {
      answer->status = dns::Status::found;
      answer->texts = {"v=STSv1; id=1"};
    }
    callback(std::move(answer));
  }
};

// An advisor that knows so many destinations, each with a policy that is enforced.
class Destinations {
 public:
  explicit Destinations(std::size_t number) {
    std::string folder = (std::filesystem::temp_directory_path() / "connectord-bench-XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
    model::Configuration configuration;
    configuration.delivery = {.dane = true, .mta_sts = true, .state = folder_.string()};
    policies_ = std::make_unique<runtime::PolicyStore>(std::make_shared<engine::Policy>(std::move(configuration)),
                                                       std::make_shared<Records>());
    write_policies(number);
    advisor_ = std::make_unique<delivery::Advisor>(delivery::AdvisorSetup{
        .policies = *policies_, .log = log_, .unix_time = [] { return now; }, .limits = {.lookups = 2, .fetches = 1}});
    advisor_->start();
    for (std::size_t i = 0; i < number; ++i) settle(domain_of(i));
  }
  ~Destinations() {
    advisor_.reset();
    std::filesystem::remove_all(folder_);
  }
  Destinations(const Destinations&) = delete;
  Destinations& operator=(const Destinations&) = delete;

  // As a request of the socketmap is answered.
  std::optional<Answer> ask(const std::string& domain) {
    const runtime::Generation generation = policies_->current();
    const auto question = question_about_tls(generation, "tls-policy", domain);
    const auto advice = advisor_->known(question.value());
    if (!advice) return std::nullopt;
    Answer answer = answer_about_tls(generation, "tls-policy", domain, *advice);
    if (const auto by = told_by("tls-policy", answer, advice)) advisor_->told().note(domain, *by, now);
    return answer;
  }

 private:
  void write_policies(std::size_t number) {
    sts::PolicyBook book;
    for (std::size_t i = 0; i < number; ++i) {
      const std::string domain = domain_of(i);
      book.keep({.policy = {.domain = domain,
                            .mode = sts::StsPolicy::Mode::enforce,
                            .mx = {"mx1." + domain, "mx2." + domain},
                            .max_age = std::chrono::hours(24 * 7)},
                 .id = "1",
                 .fetched = now,
                 .used = now});
    }
    const auto written = base::replace_file(delivery::policies_file(folder_.string()), book.to_text(now), {});
    if (!written) throw std::runtime_error(written.error());
  }

  void settle(const std::string& domain) {
    while (!ask(domain)) {
      std::atomic<bool> is_known = false;
      const auto question = question_about_tls(policies_->current(), "tls-policy", domain);
      advisor_->ask(question.value(), [&is_known] {
        is_known = true;
        is_known.notify_one();
      });
      is_known.wait(false);
    }
  }

  std::filesystem::path folder_;
  Silent log_;
  std::unique_ptr<runtime::PolicyStore> policies_;
  std::unique_ptr<delivery::Advisor> advisor_;
};

// Domains in no order, so that no cache of the processor's helps more than in life.
void tls_policy_of_destination(benchmark::State& state) {
  const auto number = static_cast<std::size_t>(state.range(0));
  Destinations destinations(number);
  std::size_t next = 0;
  for (auto _ : state) {
    next = (next + 7919) % number;
    const auto answer = destinations.ask(domain_of(next));
    if (!answer || answer->status != Answer::Status::ok) throw std::runtime_error("no policy");
    benchmark::DoNotOptimize(answer);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(tls_policy_of_destination)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kNanosecond);

}  // namespace
}  // namespace connectord::socketmap
