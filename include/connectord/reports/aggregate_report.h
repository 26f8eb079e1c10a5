#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace connectord::reports {

// A check that a receiver made of a message.
struct CheckedIdentity {
  std::string domain;
  std::string selector{};  // of DKIM; empty where the report names none
  std::string result;      // "pass", "fail", "softfail", ...
  std::string scope{};     // of SPF: "mfrom"
  std::string note{};      // human_result: why, in words

  auto operator<=>(const CheckedIdentity&) const = default;
};

// Why a receiver did not do what the policy asks for.
struct OverrideReason {
  std::string type;  // "local_policy", "trusted_forwarder", "policy_test_mode", ...
  std::string comment{};

  auto operator<=>(const OverrideReason&) const = default;
};

// Messages of one client that a receiver treats alike.
struct AggregateRow {
  std::string source;  // the client's address, as the report has it
  std::uint64_t count = 0;
  std::string disposition;  // "none", "quarantine", "reject"; "pass" is RFC 9990's for none
  bool dkim_aligned = false;
  bool spf_aligned = false;
  std::vector<OverrideReason> reasons;
  std::string header_from;
  std::string envelope_from;  // empty where the report has none, and for the null sender
  std::vector<CheckedIdentity> dkim;
  std::vector<CheckedIdentity> spf;

  bool is_aligned() const { return dkim_aligned || spf_aligned; }
};

// The policy that a receiver found, as the record says it; what is at its default may be empty.
struct PublishedPolicy {
  std::string subdomains{};    // sp
  std::string non_existent{};  // np
  std::string adkim{};         // "r", "s"
  std::string aspf{};
  std::string failure_options{};   // fo
  std::string testing{};           // "y", "n"
  std::string discovery_method{};  // "treewalk", "psl"

  friend bool operator==(const PublishedPolicy&, const PublishedPolicy&) = default;
};

// A DMARC aggregate report (RFC 7489, appendix C; RFC 9990), which a receiver sends to the domain's owner.
struct AggregateReport {
  std::string organization;
  std::string email{};  // of who reports
  std::string id;
  std::string error{};  // what was wrong with the record, or is with the report
  std::string generator{};
  std::int64_t begin = 0;  // seconds since 1970
  std::int64_t end = 0;
  std::string domain;
  std::string policy;  // of `p`
  PublishedPolicy published{};
  std::vector<AggregateRow> rows;
};

// Elements of either RFC, in any namespace, and those that receivers leave out are read as empty. On failure says what
// is odd: it is no XML, no such report, or has too many rows. Nothing outside of it is read: a document type is no part
// of such a report and is passed over. Texts are as the stranger wrote them. Thread-safe.
tl::expected<AggregateReport, std::string> read_aggregate_report(std::string_view xml);

}  // namespace connectord::reports
