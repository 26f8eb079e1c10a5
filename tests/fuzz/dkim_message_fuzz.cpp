#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/auth/arc.h"
#include "connectord/auth/dkim.h"

namespace {

using connectord::auth::ArcResult;
using connectord::auth::ArcVerifier;
using connectord::auth::DkimVerifier;

// The first line is the key record that every question is answered with; then a message, with LF or CRLF.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

template <class Verifier>
void feed_headers(Verifier& verifier, std::string_view& text) {
  std::string field;
  const auto flush = [&verifier, &field] {
    const auto colon = field.find(':');
    if (colon != std::string::npos) verifier.header(field.substr(0, colon), field.substr(colon + 1));
    field.clear();
  };
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    if (line.front() == ' ' || line.front() == '\t') {
      field.append("\n");
    } else {
      flush();
    }
    field.append(line);
  }
  flush();
}

template <class Verifier>
auto run(std::string_view record, std::string_view message, std::size_t chunk_size) {
  connectord::auth::DkimLimits limits;
  limits.max_header_bytes = 20000;
  Verifier verifier(limits, 1700000000);
  feed_headers(verifier, message);
  verifier.end_of_headers();
  for (std::size_t i = 0; i < message.size(); i += chunk_size) verifier.body(message.substr(i, chunk_size));
  connectord::dns::DnsAnswers answers;
  for (const auto& question : verifier.key_questions()) {
    auto answer = std::make_shared<connectord::dns::Answer>();
    answer->status = connectord::dns::Status::found;
    answer->texts.emplace_back(record);
    answers.add(question, std::move(answer));
  }
  auto results = verifier.finish(answers);
  if (!results) std::abort();
  return *std::move(results);
}

std::size_t count_passed(const std::vector<connectord::model::DkimSignature>& results) {
  if (results.size() > connectord::auth::DkimLimits().max_signatures + 1) std::abort();
  std::size_t passed = 0;
  for (const auto& result : results) {
    if (result.result == connectord::model::DkimResult::none) std::abort();
    passed += result.result == connectord::model::DkimResult::pass ? 1 : 0;
  }
  return passed;
}

}  // namespace

// A whole message: the results must not depend on how its body is cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view record = take_line(text);
  if (count_passed(run<DkimVerifier>(record, text, 3)) != count_passed(run<DkimVerifier>(record, text, 65536))) {
    std::abort();
  }
  const auto chain = run<ArcVerifier>(record, text, 65536);
  if ((chain.result == ArcResult::pass) == chain.sets.empty()) std::abort();
  return 0;
}
