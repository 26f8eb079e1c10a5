#include <cstddef>
#include <cstdint>
#include <string_view>

#include "connectord/sts/https.h"
#include "connectord/sts/mta_sts.h"
#include "connectord/sts/policy_book.h"
#include "connectord/sts/tls_reporting.h"

// Whatever a TXT record or a web server says about MTA-STS and TLSRPT.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace connectord;  // NOLINT: one function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto id = sts::parse_sts_record(text);
  if (id && (id->empty() || id->size() > 32 || !sts::is_sts_record(text))) __builtin_trap();
  if (const auto policy = sts::parse_sts_policy(text)) {
    if (policy->mx.empty() && policy->mode != sts::StsPolicy::Mode::none) __builtin_trap();
    for (const std::string& host : policy->mx) {
      // A name allows itself, and a wildcard one label and no other.
      const bool wildcard = host.starts_with("*.");
      const std::string below = wildcard ? "mx" + host.substr(1) : host;
      if (!allows(*policy, below)) __builtin_trap();
    }
  }
  // What is kept is read as it was written.
  constexpr std::int64_t now = 1'800'000'000;
  sts::PolicyBook book;
  book.read_text(text, now);
  sts::PolicyBook again;
  again.read_text(book.to_text(now), now);
  if (again.size() != book.size()) __builtin_trap();
  if (const auto addresses = sts::parse_tls_reporting_record(text)) {
    if (!sts::is_tls_reporting_record(text) || addresses->empty()) __builtin_trap();
  }
  const auto answer = sts::parse_http_answer(text, 100);
  if (answer && answer->body.size() > 100) __builtin_trap();
  return 0;
}
