#include <benchmark/benchmark.h>

#include "auth/dkim_opendkim.h"
#include "auth/dkim_signing.h"
#include "connectord/auth/dkim_signer.h"

// What it costs to sign one message, beside libopendkim on the same message, and beside OpenSSL's signature alone,
// which nobody can do without.
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

DkimSigningIdentity identity_of(const PrivateKey& key) {
  return {"example.com", "sel", {}, *DkimPrivateKey::parse(Opendkim::private_pem(key))};
}

void run_ours(benchmark::State& state, const PrivateKey& key) {
  const auto message = message_of(static_cast<std::size_t>(state.range(0)));
  const auto identity = identity_of(key);
  for (auto _ : state) {
    DkimHeaders headers(DkimLimits{}.max_header_bytes);
    for (const auto& [name, value] : message.headers) headers.add(name, value);
    auto signer = DkimSigner::begin(headers, {&identity});
    const std::string_view body = message.body;
    for (std::size_t i = 0; i < body.size(); i += 65535) signer->body(body.substr(i, 65535));
    if (!signer->finish(now)) state.SkipWithError("cannot sign");
  }
}

void run_libopendkim(benchmark::State& state, const PrivateKey& key) {
  const Opendkim opendkim;
  const auto message = message_of(static_cast<std::size_t>(state.range(0)));
  const auto pem = Opendkim::private_pem(key);
  const auto algorithm = &key == &rsa_key() ? DKIM_SIGN_RSASHA256 : DKIM_SIGN_ED25519SHA256;
  for (auto _ : state) {
    benchmark::DoNotOptimize(opendkim.sign(message, pem, DKIM_CANON_RELAXED, DKIM_CANON_RELAXED, algorithm));
  }
}

void run_openssl(benchmark::State& state, const PrivateKey& key) {
  const auto identity = identity_of(key);
  for (auto _ : state) benchmark::DoNotOptimize(identity.key.sign(sha256("x")));
}

void DkimSignRsa2048(benchmark::State& state) {
  run_ours(state, rsa_key());
}
void DkimSignEd25519(benchmark::State& state) {
  run_ours(state, ed25519_key());
}
void LibopendkimSignRsa2048(benchmark::State& state) {
  run_libopendkim(state, rsa_key());
}
void LibopendkimSignEd25519(benchmark::State& state) {
  run_libopendkim(state, ed25519_key());
}
void OpensslSignatureRsa2048(benchmark::State& state) {
  run_openssl(state, rsa_key());
}
void OpensslSignatureEd25519(benchmark::State& state) {
  run_openssl(state, ed25519_key());
}

BENCHMARK(DkimSignRsa2048)->Arg(5000)->Arg(1000000)->Unit(benchmark::kMicrosecond);
BENCHMARK(LibopendkimSignRsa2048)->Arg(5000)->Arg(1000000)->Unit(benchmark::kMicrosecond);
BENCHMARK(OpensslSignatureRsa2048)->Unit(benchmark::kMicrosecond);
BENCHMARK(DkimSignEd25519)->Arg(5000)->Unit(benchmark::kMicrosecond);
BENCHMARK(LibopendkimSignEd25519)->Arg(5000)->Unit(benchmark::kMicrosecond);
BENCHMARK(OpensslSignatureEd25519)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace connectord::auth::testing
