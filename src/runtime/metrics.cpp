#include "connectord/runtime/metrics.h"

#include <array>
#include <utility>

namespace connectord::runtime {
namespace {

class CountingResolver : public dns::Resolver {
 public:
  CountingResolver(std::shared_ptr<dns::Resolver> inner, std::shared_ptr<Metrics> metrics)
      : metrics_(std::move(metrics)), inner_(std::move(inner)) {
    static_assert(model::counts_from_zero<dns::Status>());
    for (std::size_t i = 0; i < durations_.size(); ++i) {
      durations_.at(i) = &metrics_->dns.with({model::words<dns::Status>.at(i).word});
    }
  }

  void resolve(const dns::Question& question, const std::string& share, Callback callback) override {
    const auto begin = std::chrono::steady_clock::now();
    inner_->resolve(question, share,
                    [this, begin, callback = std::move(callback)](std::shared_ptr<const dns::Answer> answer) {
                      durations_of(answer->status).observe(std::chrono::steady_clock::now() - begin);
                      callback(std::move(answer));
                    });
  }

 private:
  // Runs on the resolver's thread, so nothing may be thrown for a status that has no word.
  metrics::Histogram& durations_of(dns::Status status) {
    const auto place = static_cast<std::size_t>(status);
    return place < durations_.size() ? *durations_[place] : metrics_->dns.with({dns::to_string(status)});
  }

  std::shared_ptr<Metrics> metrics_;
  std::array<metrics::Histogram*, model::words<dns::Status>.size()> durations_{};
  std::shared_ptr<dns::Resolver> inner_;  // last: its callbacks use the rest
};

class CountingStore : public trace::Store {
 public:
  CountingStore(trace::Store& inner, std::shared_ptr<Metrics> metrics)
      : inner_(inner), metrics_(std::move(metrics)), durations_(metrics_->stages.with({"trace"})) {}

  tl::expected<void, std::string> append(const trace::Entry& entry) override {
    const metrics::Stopwatch stopwatch(durations_);
    auto kept = inner_.append(entry);
    if (!kept) metrics_->trace_failures.add();
    return kept;
  }
  tl::expected<trace::Recorded, std::string> record(const trace::LogBatch& batch) override {
    return inner_.record(batch);
  }
  tl::expected<std::string, std::string> position() override { return inner_.position(); }
  std::size_t waiting() const override { return inner_.waiting(); }
  trace::Condition condition() const override { return inner_.condition(); }

 private:
  trace::Store& inner_;
  std::shared_ptr<Metrics> metrics_;
  metrics::Histogram& durations_;
};

void count_results(Metrics& metrics, const model::Authentication& results) {
  auto& counters = metrics.authentication;
  if (results.spf) counters.with({"spf", to_string(results.spf->result)}).add();
  if (results.dkim && results.dkim->empty()) counters.with({"dkim", "none"}).add();
  if (results.dkim) {
    for (const auto& signature : *results.dkim) counters.with({"dkim", to_string(signature.result)}).add();
  }
  if (results.dmarc) counters.with({"dmarc", to_string(results.dmarc->result)}).add();
  if (results.arc) counters.with({"arc", to_string(results.arc->result)}).add();
}

}  // namespace

void count_decision(Metrics& metrics, const model::Facts& facts, const model::Decision& decision) {
  const std::string_view action = to_string(decision.action);
  const std::string_view connector = decision.connector.empty() ? "none" : std::string_view(decision.connector);
  metrics.messages.with({connector, "inbound", action}).add();
  if (!decision.outbound.empty()) metrics.messages.with({decision.outbound, "outbound", action}).add();
  metrics.tls.with({to_string(facts.tls ? facts.tls->version : model::TlsVersion::none)}).add();
  count_results(metrics, facts.authentication);
  for (const model::RuleHit& hit : decision.rules) {
    if (hit.matched) metrics.rules.with({hit.rule, model::to_string(hit.mode)}).add();
  }
  for (const model::Finding& finding : decision.findings) {
    if (finding.outcome != model::Outcome::fail && finding.outcome != model::Outcome::temperror) continue;
    metrics.findings.with({finding.check, to_string(finding.outcome)}).add();
  }
}

std::shared_ptr<dns::Resolver> counted(std::shared_ptr<dns::Resolver> inner, std::shared_ptr<Metrics> metrics) {
  return std::make_shared<CountingResolver>(std::move(inner), std::move(metrics));
}

std::unique_ptr<trace::Store> counted(trace::Store& inner, std::shared_ptr<Metrics> metrics) {
  return std::make_unique<CountingStore>(inner, std::move(metrics));
}

}  // namespace connectord::runtime
