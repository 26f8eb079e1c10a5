#include <cstddef>
#include <cstdint>
#include <string_view>

#include "connectord/probe/mta_sts.h"
#include "connectord/probe/tls_reporting.h"
#include "probe/https.h"

// Whatever a TXT record or a web server says about MTA-STS and TLSRPT.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace connectord::probe;  // NOLINT: one function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto id = parse_sts_record(text);
  if (id && (id->empty() || id->size() > 32 || !is_sts_record(text))) __builtin_trap();
  if (const auto policy = parse_sts_policy(text)) {
    if (policy->mx.empty() && policy->mode != StsPolicy::Mode::none) __builtin_trap();
    for (const std::string& host : policy->mx) {
      // A name allows itself, and a wildcard one label and no other.
      const bool wildcard = host.starts_with("*.");
      const std::string below = wildcard ? "mx" + host.substr(1) : host;
      if (!allows(*policy, below)) __builtin_trap();
    }
  }
  if (const auto addresses = parse_tls_reporting_record(text)) {
    if (!is_tls_reporting_record(text) || addresses->empty()) __builtin_trap();
  }
  const auto answer = parse_http_answer(text, 100);
  if (answer && answer->body.size() > 100) __builtin_trap();
  return 0;
}
