#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/model/authentication.h"
#include "connectord/net/ip_address.h"

// The SPF record as data (RFC 7208, sections 4.5, 4.6, 5, 6 and 12). Pure functions; thread-safe.
namespace connectord::auth {

// One directive. The views lie in the record's text, which must outlive them.
struct SpfMechanism {
  enum class Kind : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };

  Kind kind = Kind::all;
  model::SpfResult qualifier = model::SpfResult::pass;  // what a match means: pass, fail, softfail or neutral
  std::string_view text;                                // as the record has it, with its qualifier
  std::string_view domain_spec;                         // empty: the domain that is checked
  net::IpAddress::Bytes network{};                      // ip4 (IPv4-mapped), ip6
  unsigned ip4_length = 32;                             // ip4, a, mx; bits
  unsigned ip6_length = 128;                            // ip6, a, mx; bits
};

struct SpfRecord {
  std::vector<SpfMechanism> mechanisms;
  std::optional<std::string_view> redirect;     // domain-spec
  std::optional<std::string_view> explanation;  // exp; domain-spec
};

// True for a text that is an SPF record, sound or not: "v=spf1", in any case, and then a space or the end (4.5).
bool is_spf_record(std::string_view text);

// In bytes. Records are to fit into a UDP answer (3.4), and what is longer than this is an error: a receiver is to
// bound what it takes from DNS (11.1).
inline constexpr std::size_t max_spf_record_length = 4096;

// A syntax error anywhere in the record makes it void as a whole (4.6). The error names the term and what is wrong with
// it, in printable ASCII of bounded length.
tl::expected<SpfRecord, std::string> parse_spf_record(std::string_view text);

}  // namespace connectord::auth
