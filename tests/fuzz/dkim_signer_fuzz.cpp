#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/auth/dkim.h"
#include "connectord/auth/dkim_signer.h"

namespace {

using connectord::auth::DkimAlgorithm;
using connectord::auth::DkimHeaders;
using connectord::auth::DkimPrivateKey;
using connectord::auth::DkimSigner;
using connectord::auth::DkimSigningIdentity;
using connectord::auth::DkimVerifier;

constexpr std::int64_t now = 1700000000;

struct Message {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Fields end with NUL, their names with the first colon; what follows an empty field is the body, any bytes at all.
Message read(std::string_view text) {
  Message message;
  while (!text.empty()) {
    const auto end = std::min(text.find('\0'), text.size());
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (field.empty()) break;
    const auto colon = std::min(field.find(':'), field.size());
    message.headers.emplace_back(field.substr(0, colon), field.substr(std::min(colon + 1, field.size())));
  }
  message.body = text;
  return message;
}

const DkimSigningIdentity& identity() {
  static const DkimSigningIdentity made{"example.com", "sel", {}, *DkimPrivateKey::make(DkimAlgorithm::ed25519_sha256)};
  return made;
}

void expect(bool holds) {
  if (!holds) std::abort();
}

bool verifies(const Message& message, std::size_t chunk_size) {
  connectord::auth::DkimLimits limits;
  limits.max_header_bytes = 1 << 24;
  DkimVerifier verifier(limits, now);
  for (const auto& [name, value] : message.headers) verifier.header(name, value);
  verifier.end_of_headers();
  const std::string_view body = message.body;
  for (std::size_t i = 0; i < body.size(); i += chunk_size) verifier.body(body.substr(i, chunk_size));
  connectord::dns::DnsAnswers answers;
  auto answer = std::make_shared<connectord::dns::Answer>();
  answer->status = connectord::dns::Status::found;
  answer->texts.push_back(identity().key.record());
  for (const auto& question : verifier.key_questions()) answers.add(question, answer);
  const auto results = verifier.finish(answers);
  return results && !results->empty() && results->front().result == connectord::model::DkimResult::pass;
}

}  // namespace

// Whatever is signed verifies, however the body came in pieces, and does not any more with one field added.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Message message = read({reinterpret_cast<const char*>(data), size});
  constexpr std::size_t max_kept = 20000;
  DkimHeaders headers(max_kept);
  for (const auto& [name, value] : message.headers) headers.add(name, value);
  auto signer = DkimSigner::begin(headers, {&identity()});
  if (!signer) return 0;
  const std::size_t chunk_size = 1 + size % 7;
  const std::string_view body = message.body;
  for (std::size_t i = 0; i < body.size(); i += chunk_size) signer->body(body.substr(i, chunk_size));
  const auto values = signer->finish(now);
  expect(values && values->size() == 1);
  message.headers.insert(message.headers.begin(), {"DKIM-Signature", " " + values->front()});
  expect(verifies(message, 65536));
  message.headers.emplace_back("From", " added@example.org");
  expect(!verifies(message, 65536));
  return 0;
}
