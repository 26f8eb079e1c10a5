#include <benchmark/benchmark.h>

#include <memory>

#include "auth/dkim_opendkim.h"
#include "auth/dkim_signing.h"

// What one signed message costs, beside libopendkim alone on the same message.
namespace connectord::auth::testing {
namespace {

Message message_of(std::size_t body_size) {
  Message message = plain_message();
  for (int i = 0; i < 8; ++i) message.headers.push_back({"Received", " from a.example by b.example with ESMTPS id 1"});
  message.body.clear();
  while (message.body.size() < body_size) {
    message.body += "The quick brown fox jumps over the lazy dog, and does so again and again.\r\n";
  }
  return message;
}

Message signed_with(const PrivateKey& key, std::size_t body_size) {
  const bool rsa = &key == &rsa_key();
  return Opendkim().sign(message_of(body_size), key, DKIM_CANON_RELAXED, DKIM_CANON_RELAXED,
                         rsa ? DKIM_SIGN_RSASHA256 : DKIM_SIGN_ED25519SHA256);
}

std::string record_of(const PrivateKey& key) {
  return key_record(key, &key == &rsa_key() ? "v=DKIM1; " : "v=DKIM1; k=ed25519; ");
}

void run_ours(benchmark::State& state, const PrivateKey& key) {
  const auto message = signed_with(key, static_cast<std::size_t>(state.range(0)));
  auto answer = std::make_shared<dns::Answer>();
  answer->status = dns::Status::found;
  answer->texts.push_back(record_of(key));
  for (auto _ : state) {
    DkimVerifier verifier(DkimLimits(), 4000000000);
    for (const auto& [name, value] : message.headers) verifier.header(name, value);
    verifier.end_of_headers();
    const std::string_view body = message.body;
    for (std::size_t i = 0; i < body.size(); i += 65535) verifier.body(body.substr(i, 65535));
    dns::DnsAnswers answers;
    for (const auto& question : verifier.key_questions()) answers.add(question, answer);
    const auto results = verifier.finish(answers);
    if (results->front().result != model::DkimResult::pass) state.SkipWithError(results->front().problem.c_str());
  }
}

void run_libopendkim(benchmark::State& state, const PrivateKey& key) {
  const Opendkim opendkim;
  const auto message = signed_with(key, static_cast<std::size_t>(state.range(0)));
  const auto record = record_of(key);
  for (auto _ : state) {
    if (!opendkim.verifies(message, record)) state.SkipWithError("does not verify");
  }
}

void DkimRsa2048(benchmark::State& state) {
  run_ours(state, rsa_key());
}
void DkimEd25519(benchmark::State& state) {
  run_ours(state, ed25519_key());
}
void LibopendkimRsa2048(benchmark::State& state) {
  run_libopendkim(state, rsa_key());
}
void LibopendkimEd25519(benchmark::State& state) {
  run_libopendkim(state, ed25519_key());
}

BENCHMARK(DkimRsa2048)->Arg(5000)->Arg(1000000)->Unit(benchmark::kMicrosecond);
BENCHMARK(LibopendkimRsa2048)->Arg(5000)->Arg(1000000)->Unit(benchmark::kMicrosecond);
BENCHMARK(DkimEd25519)->Arg(5000)->Unit(benchmark::kMicrosecond);
BENCHMARK(LibopendkimEd25519)->Arg(5000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace connectord::auth::testing
