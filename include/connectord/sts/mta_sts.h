#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/model/words.h"

// MTA-STS (RFC 8461): what a domain says about the hosts that its mail may be given to. Pure; the texts are a
// stranger's.
namespace connectord::sts {

struct StsPolicy {
  enum class Mode : std::uint8_t { none, testing, enforce };

  std::string domain;  // whose policy it is; not in the text
  Mode mode = Mode::none;
  std::vector<std::string> mx;  // lower case; "*.example.com" for one label before it
  std::chrono::seconds max_age{0};
  std::int64_t certificate_end = 0;  // of the host that gave it, in seconds since 1970; not in the text
};

// The id of the policy out of a TXT record of _mta-sts.DOMAIN (3.1). On failure says what is wrong with the record.
tl::expected<std::string, std::string> parse_sts_record(std::string_view text);
// True if a TXT record is one of MTA-STS, to the letter of its beginning; others are passed over (3.1).
bool is_sts_record(std::string_view text);

inline constexpr std::size_t max_sts_policy_length = 64U << 10U;  // 3.3

// The text of /.well-known/mta-sts.txt (3.2): its fields in any order, the first of those that may come once.
tl::expected<StsPolicy, std::string> parse_sts_policy(std::string_view text);

// The policy as a domain publishes it, one field a line.
std::vector<std::string> fields_of(const StsPolicy& policy);

// True if mail of the domain may be given to that host (4.1).
bool allows(const StsPolicy& policy, std::string_view host);

consteval auto words_of(StsPolicy::Mode) {
  return std::to_array<model::Named<StsPolicy::Mode>>(
      {{StsPolicy::Mode::none, "none"}, {StsPolicy::Mode::testing, "testing"}, {StsPolicy::Mode::enforce, "enforce"}});
}
std::string_view to_string(StsPolicy::Mode mode);

}  // namespace connectord::sts
