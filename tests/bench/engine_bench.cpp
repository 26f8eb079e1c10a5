// One decision among 10, 1,000 and 100,000 connectors. The facts change from one decision to the next, so that the
// figure holds for a server that hears from all of its partners and not only for one whose connector is in the cache.
#include <benchmark/benchmark.h>

#include <random>

#include "connectord/engine/decide.h"
#include "connectord/mail/path.h"

namespace {

using namespace connectord;  // NOLINT: one file of measurements

std::string address_of(std::size_t number, unsigned host) {
  return "10." + std::to_string(number / 256 / 256 % 256) + "." + std::to_string(number / 256 % 256) + "." +
         std::to_string(number % 256 / 4 * 4 + host % 4);
}

std::string fingerprint(std::size_t number) {
  std::string hex = std::to_string(number);
  hex.insert(0, 64 - hex.size(), '0');
  return hex;
}

// A third each is identified by domain, by network and by fingerprint, as partners, branches and pinned peers are.
model::InboundConnector connector(std::size_t number) {
  model::InboundConnector made;
  made.name = "connector-" + std::to_string(number);
  made.scenario = model::Scenario::partner;
  made.require.tls = true;
  made.require.tls_version = model::TlsVersion::tls1_2;
  const std::string text = std::to_string(number);
  if (number % 3 == 0) {
    made.identify.sender_domains.push_back(net::DomainPattern::parse("*.partner" + text + ".example").value());
  } else if (number % 3 == 1) {
    made.identify.client_networks.push_back(net::AddressRange::parse(address_of(number * 4, 0) + "/30").value());
  } else {
    model::CertificatePattern& pattern = made.identify.certificate.emplace();
    pattern.issuer = "Authority " + text;
    pattern.fingerprints.push_back({model::Fingerprint::Of::public_key, fingerprint(number)});
  }
  return made;
}

model::Facts facts_for(std::size_t number) {
  model::Facts facts;
  facts.client_address = net::IpAddress::parse(number % 3 == 1 ? address_of(number * 4, 1) : "192.0.2.1");
  facts.client_port = 25000;
  facts.helo = "mail.example.org";
  facts.mail_from = mail::parse_reverse_path("<a@mail.partner" + std::to_string(number) + ".example>");
  facts.tls = model::Tls{model::TlsVersion::tls1_3, "TLSv1.3", "TLS_AES_256_GCM_SHA384", 256};
  facts.certificate.sha256 = "";
  facts.certificate.public_key_sha256 = number % 3 == 2 ? fingerprint(number) : "";
  if (number % 3 == 2) facts.certificate.issuer_common_name = "Authority " + std::to_string(number);
  facts.recipients = {"user@example.net"};
  return facts;
}

// As where no policy service passes certificates: none is trusted, and no fingerprint known.
model::Facts facts_without_certificate(std::size_t number) {
  const bool by_fingerprint = number % 3 == 2;
  model::Facts facts = facts_for(by_fingerprint ? number - 1 : number);
  facts.certificate = {};
  return facts;
}

template <model::Facts (*facts_of)(std::size_t)>
void decide_about(benchmark::State& state) {
  const auto connectors = static_cast<std::size_t>(state.range(0));
  model::Configuration configuration;
  for (std::size_t i = 0; i < connectors; ++i) configuration.inbound.push_back(connector(i));
  const auto policy = engine::Policy::compile(std::move(configuration)).policy;
  if (policy == nullptr) {
    state.SkipWithError("the connectors conflict");
    return;
  }
  std::mt19937_64 random(1);  // NOLINT: the same messages in every run
  std::uniform_int_distribution<std::size_t> any(0, connectors - 1);
  std::vector<model::Facts> messages;
  constexpr std::size_t different = 2048;
  for (std::size_t i = 0; i < different; ++i) messages.push_back(facts_of(any(random)));
  std::size_t next = 0;
  for (auto _ : state) {
    const model::Decision decision = engine::decide(*policy, messages[next++ % different]);
    if (decision.connector.empty()) state.SkipWithError("a message found no connector");
    benchmark::DoNotOptimize(decision.action);
  }
}

void decide(benchmark::State& state) {
  decide_about<facts_for>(state);
}
void decide_without_certificates(benchmark::State& state) {
  decide_about<facts_without_certificate>(state);
}

// What a site's lists cost a message that none of their first entries settles.
void decide_once(benchmark::State& state, model::Configuration configuration, const model::Facts& facts,
                 model::Action expected) {
  const auto policy = engine::Policy::compile(std::move(configuration)).policy;
  for (auto _ : state) {
    const model::Decision decision = engine::decide(*policy, facts);
    if (decision.action != expected) state.SkipWithError("a message was decided otherwise");
    benchmark::DoNotOptimize(decision.action);
  }
}

// A sender of none of our domains, where direct send is refused.
void decide_among_own_domains(benchmark::State& state) {
  model::Configuration configuration;
  configuration.organization.reject_direct_send = true;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const auto pattern = net::DomainPattern::parse("customer" + std::to_string(i) + ".example").value();
    configuration.organization.accepted_domains.push_back(pattern);
  }
  decide_once(state, std::move(configuration), facts_for(0), model::Action::accept);
}

// A client in the last of the networks that its connector requires.
void decide_among_required_networks(benchmark::State& state) {
  const auto networks = static_cast<std::size_t>(state.range(0));
  model::Configuration configuration;
  configuration.inbound.push_back(connector(0));
  for (std::size_t i = 0; i < networks; ++i) {
    configuration.inbound.front().require.client_networks.push_back(
        net::AddressRange::parse(address_of(i * 4, 0) + "/30").value());
  }
  model::Facts facts = facts_for(0);
  facts.client_address = net::IpAddress::parse(address_of((networks - 1) * 4, 1));
  decide_once(state, std::move(configuration), facts, model::Action::accept);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(10)->Arg(1'000)->Arg(100'000)->Repetitions(9)->ReportAggregatesOnly(true);
}
BENCHMARK(decide)->Apply(sizes);
BENCHMARK(decide_without_certificates)->Apply(sizes);
BENCHMARK(decide_among_own_domains)->Apply(sizes);
BENCHMARK(decide_among_required_networks)->Apply(sizes);

}  // namespace
