// What a program that looks at a large configuration waits for.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <string>

#include "connectord/api/api.h"
#include "log/recording_log.h"

namespace connectord {
namespace {

model::Configuration configuration_of(std::int64_t connectors) {
  model::Configuration configuration;
  for (std::int64_t i = 0; i < connectors; ++i) {
    model::InboundConnector& connector = configuration.inbound.emplace_back();
    connector.name = "partner-" + std::to_string(i);
    connector.scenario = model::Scenario::partner;
    connector.require.tls = true;
    const std::string domain = "d" + std::to_string(i) + ".example";
    connector.identify.sender_domains.push_back(*net::DomainPattern::parse(domain));
    connector.identify.sender_domains.push_back(*net::DomainPattern::parse("*." + domain));
  }
  return configuration;
}

void list_connectors(benchmark::State& state, const char* query) {
  test::RecordingLog log;
  runtime::PolicyStore policies(engine::Policy::compile(configuration_of(state.range(0))).policy);
  runtime::LiveSessions live;
  session::InFlight intake;
  runtime::Services services{policies, live, log};
  runtime::Reloader reloader("/nonexistent/connectord.toml", services);
  api::Api api({services, reloader, intake, {"", 1, 1, {}}, {}});
  const std::string target = std::string("/api/exchange/connectors") + query;
  const api::Request request{"GET", target, "", "", "", "", {"unix:0", ::geteuid()}};
  for (auto _ : state) {
    const api::Response response = api.handle(request);
    if (response.status != 200) state.SkipWithError("refused");
    benchmark::DoNotOptimize(response.body.data());
  }
}

BENCHMARK_CAPTURE(list_connectors, all, "")->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(list_connectors, by_name, "?name=partner-99")->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(list_connectors, by_text, "?text=d99.example")->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace connectord
