#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace connectord::reports {

// Sessions that failed alike (RFC 8460, 4.3).
struct TlsFailure {
  std::string result;  // "certificate-expired", ...
  std::uint64_t count = 0;
  std::string sending_address{};  // of the server that tried
  std::string mx{};               // the name of ours that it tried
  std::string receiving_address{};
  std::string information{};  // additional-information and failure-reason-code
};

// What came of one policy for mail to a domain of ours.
struct TlsPolicyResult {
  std::string type;  // "tlsa", "sts", "no-policy-found"
  std::string domain;
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  std::vector<TlsFailure> details;
};

// A report of TLSRPT (RFC 8460, 4.4), which a sender of mail sends to the owner of the domain that it sends to.
struct TlsReport {
  std::string organization;
  std::string id;
  std::string begin;  // RFC 3339, as the report has it
  std::string end;
  std::vector<TlsPolicyResult> policies;
};

// On failure says what is odd. Texts are as the stranger wrote them. Thread-safe.
tl::expected<TlsReport, std::string> read_tls_report(std::string_view json);

}  // namespace connectord::reports
