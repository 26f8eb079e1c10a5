#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "connectord/net/ip_address.h"

// Macros in SPF records and explanations (RFC 7208, section 7). Pure functions; thread-safe.
namespace connectord::auth {

// Where a text stands decides what it may hold: `%{c}`, `%{r}` and `%{t}` belong to explanations only (7.2), which may
// hold spaces too (6.2).
enum class SpfMacroUse : std::uint8_t { domain, modifier, explanation };

// What is wrong with a macro-string, or std::nullopt. More than `max_spf_macros` macros are wrong too.
std::optional<std::string> spf_macro_string_error(std::string_view text, SpfMacroUse use);
// The same for a domain-spec, which has to end in a macro or in a dot and a top label (7.1).
std::optional<std::string> spf_domain_spec_error(std::string_view text);

// What the letters stand for (7.2).
struct SpfMacroValues {
  std::string sender;      // s, l, o: local@domain, both parts filled
  std::string domain;      // d
  net::IpAddress client;   // i, c, v
  std::string helo;        // h
  std::string receiver;    // r; "unknown" where empty
  std::int64_t unix_time;  // t
  // p: the validated name of the client, or "unknown" (5.5); std::nullopt while DNS has not answered. Asked for only
  // where the text holds a %{p}.
  std::function<std::optional<std::string>()> validated_name;
};

enum class SpfMacroStop : std::uint8_t {
  missing,   // %{p} waits for DNS
  no_match,  // %{s} or %{l} of a local part that is not ASCII: the term matches nothing (RFC 8616, section 4)
};

// No record that anybody means has as many in one term; more of them are a syntax error. It bounds what a term costs.
inline constexpr std::size_t max_spf_macros = 32;
inline constexpr std::size_t max_spf_explanation_length = 500;  // bytes; what fits in a reply of SMTP and in a log line

// The first `max_spf_explanation_length` bytes of an explanation with its macros expanded. The text must be free of
// syntax errors.
tl::expected<std::string, SpfMacroStop> expand_spf_explanation(std::string_view text, const SpfMacroValues& values);
// The name to ask DNS for: expanded, lower-case, without trailing dot, cut from the left to 253 bytes (7.3). It is made
// from the right, and what the cut would remove is not even expanded. Any bytes; may be no name in DNS. The text must
// be free of syntax errors.
tl::expected<std::string, SpfMacroStop> expand_spf_domain(std::string_view text, const SpfMacroValues& values);

}  // namespace connectord::auth
