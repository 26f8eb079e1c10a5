#include "connectord/probe/on_demand.h"

#include <utility>

#include "connectord/probe/results.h"
#include "connectord/probe/validate.h"
#include "connectord/runtime/load_policy.h"
#include "connectord/trace/sqlite_store.h"

namespace connectord::probe {
namespace {

constexpr std::chrono::milliseconds step_limit{10'000};

std::unique_ptr<trace::Archive> archive_of(const model::Configuration& configuration) {
  if (!configuration.trace) return nullptr;
  auto archive = trace::open_sqlite_archive(configuration.trace->file());
  return archive ? std::move(*archive) : nullptr;
}

}  // namespace

// Ends the one that is under way, also where there is no memory for its report.
class OnDemand::Turn {
 public:
  explicit Turn(OnDemand& owner) : owner_(owner) {}
  ~Turn() {
    const base::MutexLock lock(owner_.mutex_);
    owner_.busy_ = false;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  OnDemand& owner_;
};

OnDemand::OnDemand(const runtime::PolicyStore& policies, log::Logger& log, std::unique_ptr<smtp::Network> network)
    : policies_(policies), log_(log), network_(std::move(network)) {}

tl::expected<Report, OnDemand::Refused> OnDemand::validate(const Question& question) {
  if (auto begun = begin(question); !begun) return tl::unexpected(std::move(begun.error()));
  const Turn turn(*this);
  return run(policies_.current(), question);
}

tl::expected<void, OnDemand::Refused> OnDemand::begin(const Question& question) {
  const auto now = std::chrono::steady_clock::now();
  const base::MutexLock lock(mutex_);
  if (busy_) return tl::unexpected(Refused{"another validation is under way", std::chrono::seconds(5)});
  std::erase_if(last_, [now](const auto& each) { return now - each.second >= pause; });
  const std::string key = std::string(to_string(question.direction)) + " " + question.connector;
  if (!last_.try_emplace(key, now).second) {
    return tl::unexpected(Refused{"this connector was validated less than 10 seconds ago", pause});
  }
  busy_ = true;
  return {};
}

tl::expected<Report, OnDemand::Refused> OnDemand::run(const runtime::Generation& generation, const Question& question) {
  const model::Configuration& configuration = generation.policy->configuration();
  const auto resolver = runtime::resolver_of(generation);
  if (!resolver) return tl::unexpected(Refused{resolver.error(), pause});
  const auto archive = archive_of(configuration);
  Services services{**resolver, *network_, [&](const std::string&) -> tl::expected<std::string, std::string> {
                      const std::string* secret = generation.credentials_of(question.connector);
                      if (secret == nullptr) return tl::unexpected(std::string("not read"));
                      return *secret;
                    }};
  services.limits = {step_limit, step_limit, step_limit, longest};
  services.archive = archive.get();
  services.trust = mta::client_trust_of(mta::usual_postfix_folder());
  OutboundOptions outbound;
  outbound.recipient = question.recipient;
  outbound.sender = question.sender;
  auto report = question.direction == Direction::outbound
                    ? validate_outbound(*generation.policy, question.connector, outbound, services)
                    : validate_inbound(*generation.policy, question.connector, {}, services);
  if (!report) return tl::unexpected(Refused{"the connector is gone", pause});
  log_.info(log_subject, report->passed ? "passed" : "failed",
            {{"connector", report->connector},
             {"obstacle", std::string(to_string(report->obstacle))},
             {"summary", report->summary}});
  if (auto kept = Results(configuration.validation.state).keep(*report); !kept) {
    log_.warning(log_subject, "a result is not kept", {{"connector", report->connector}, {"reason", kept.error()}});
  }
  return std::move(*report);
}

void OnDemand::stop() {
  network_->interrupt();
}

}  // namespace connectord::probe
