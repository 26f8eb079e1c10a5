#include "spf_record.h"

#include <algorithm>
#include <array>

#include "connectord/base/ascii_case.h"
#include "connectord/base/text.h"
#include "spf_macro.h"
#include "spf_text.h"

namespace connectord::auth {
namespace {

using base::is_alpha;
using base::is_digit;

using Kind = SpfMechanism::Kind;
using base::equals_ignoring_case;
using model::SpfResult;
// What is wrong, or nothing.
using Problem = std::optional<std::string>;

constexpr std::string_view version = "v=spf1";

std::optional<Kind> kind_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Kind>, 8> kinds = {{{"all", Kind::all},
                                                                              {"include", Kind::include},
                                                                              {"a", Kind::a},
                                                                              {"mx", Kind::mx},
                                                                              {"ptr", Kind::ptr},
                                                                              {"ip4", Kind::ip4},
                                                                              {"ip6", Kind::ip6},
                                                                              {"exists", Kind::exists}}};
  for (const auto& [text, kind] : kinds) {
    if (equals_ignoring_case(name, text)) return kind;
  }
  return std::nullopt;
}

std::optional<SpfResult> qualifier_of(char c) {
  switch (c) {
    case '+':
      return SpfResult::pass;
    case '-':
      return SpfResult::fail;
    case '~':
      return SpfResult::softfail;
    case '?':
      return SpfResult::neutral;
    default:
      return std::nullopt;
  }
}

// Takes "/24" (or "//64", as `mark` says) from the end of a text; false, and nothing taken, if there is none.
bool take_length(std::string_view& text, std::string_view mark, std::string_view& digits) {
  std::size_t begin = text.size();
  while (begin > 0 && is_digit(text[begin - 1])) --begin;
  if (begin == text.size() || !text.substr(0, begin).ends_with(mark)) return false;
  digits = text.substr(begin);
  text.remove_suffix(digits.size() + mark.size());
  return true;
}

// 5.6: no leading zeros, no more than the address has.
Problem read_length(std::string_view digits, unsigned highest, unsigned& length) {
  const bool sound = digits.size() <= 3 && (digits.size() == 1 || digits.front() != '0');
  unsigned value = 0;
  for (const char c : sound ? digits : std::string_view()) value = value * 10 + static_cast<unsigned>(c - '0');
  if (!sound || value > highest) {
    return "the prefix length must be a number from 0 to " + std::to_string(highest);
  }
  length = value;
  return std::nullopt;
}

// dual-cidr-length (5.3): [ "/" ip4 ] [ "//" ip6 ], at the end of what may be a domain with slashes in its macros.
Problem take_dual_lengths(std::string_view& text, SpfMechanism& mechanism) {
  std::string_view digits;
  if (take_length(text, "//", digits)) {
    if (auto problem = read_length(digits, 128, mechanism.ip6_length)) return problem;
  }
  if (take_length(text, "/", digits)) return read_length(digits, 32, mechanism.ip4_length);
  return std::nullopt;
}

Problem read_network(std::string_view text, SpfMechanism& mechanism) {
  const bool v4 = mechanism.kind == Kind::ip4;
  std::string_view digits;
  if (take_length(text, "/", digits)) {
    auto problem = read_length(digits, v4 ? 32 : 128, v4 ? mechanism.ip4_length : mechanism.ip6_length);
    if (problem) return problem;
  }
  // The grammar knows neither brackets nor zones.
  const std::string_view allowed = v4 ? "0123456789." : "0123456789abcdefABCDEF:.";
  const bool plain = text.find_first_not_of(allowed) == std::string_view::npos;
  const bool v6_form = text.find(':') != std::string_view::npos;
  const auto address = plain && v6_form != v4 ? net::IpAddress::parse(text) : std::nullopt;
  if (!address) return v4 ? "not an IPv4 network" : "not an IPv6 network";
  mechanism.network = address->bytes();
  return std::nullopt;
}

// The domain-spec behind the colon. `rest` begins with the colon or is empty.
Problem read_domain(std::string_view rest, bool required, SpfMechanism& mechanism) {
  if (rest.empty()) return required ? Problem("it needs a domain") : std::nullopt;
  if (rest.front() != ':') return "something follows the mechanism that does not belong to it";
  mechanism.domain_spec = rest.substr(1);
  return spf_domain_spec_error(mechanism.domain_spec);
}

// What follows the mechanism's name.
Problem read_arguments(std::string_view rest, SpfMechanism& mechanism) {
  switch (mechanism.kind) {
    case Kind::all:
      return rest.empty() ? std::nullopt : Problem("\"all\" takes nothing");
    case Kind::include:
    case Kind::exists:
      return read_domain(rest, true, mechanism);
    case Kind::ptr:
      return read_domain(rest, false, mechanism);
    case Kind::a:
    case Kind::mx:
      if (auto problem = take_dual_lengths(rest, mechanism)) return problem;
      return read_domain(rest, false, mechanism);
    case Kind::ip4:
    case Kind::ip6:
      if (!rest.starts_with(':')) return "it needs a network";
      return read_network(rest.substr(1), mechanism);
  }
  return std::nullopt;
}

Problem read_directive(std::string_view term, SpfRecord& record) {
  SpfMechanism mechanism;
  mechanism.text = term;
  if (const auto qualifier = qualifier_of(term.front())) {
    mechanism.qualifier = *qualifier;
    term.remove_prefix(1);
  }
  const std::string_view name = term.substr(0, term.find_first_of(":/"));
  const auto kind = kind_of(name);
  if (!kind) return "not a mechanism";
  mechanism.kind = *kind;
  if (auto problem = read_arguments(term.substr(name.size()), mechanism)) return problem;
  record.mechanisms.push_back(mechanism);
  return std::nullopt;
}

// name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ), up to "="; empty where the term is no modifier.
std::string_view modifier_name(std::string_view term) {
  const auto end = std::find_if_not(
      term.begin(), term.end(), [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; });
  if (end == term.end() || *end != '=' || !is_alpha(term.front())) return {};
  return term.substr(0, static_cast<std::size_t>(end - term.begin()));
}

// 6: "redirect" and "exp" at most once each.
Problem read_once(std::string_view value, std::optional<std::string_view>& target) {
  if (target) return "it stands twice";
  target = value;
  return spf_domain_spec_error(value);
}

Problem read_term(std::string_view term, SpfRecord& record) {
  const std::string_view name = modifier_name(term);
  if (name.empty()) return read_directive(term, record);
  const std::string_view value = term.substr(name.size() + 1);
  if (equals_ignoring_case(name, "redirect")) return read_once(value, record.redirect);
  if (equals_ignoring_case(name, "exp")) return read_once(value, record.explanation);
  return spf_macro_string_error(value, SpfMacroUse::modifier);  // unknown ones are ignored, if they are sound (6)
}

}  // namespace

bool is_spf_record(std::string_view text) {
  if (!equals_ignoring_case(text.substr(0, version.size()), version)) return false;
  return text.size() == version.size() || text[version.size()] == ' ';
}

tl::expected<SpfRecord, std::string> parse_spf_record(std::string_view text) {
  if (!is_spf_record(text)) return tl::unexpected(std::string("the record does not begin with v=spf1"));
  if (text.size() > max_spf_record_length) {
    return tl::unexpected("the record is longer than " + std::to_string(max_spf_record_length) + " bytes");
  }
  text.remove_prefix(version.size());
  SpfRecord record;
  for (unsigned number = 1;; ++number) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return record;
    const std::string_view term = text.substr(0, text.find(' '));
    if (const auto problem = read_term(term, record)) {
      return tl::unexpected("term " + std::to_string(number) + " \"" + printable(term) + "\": " + *problem);
    }
    text.remove_prefix(term.size());
  }
}

}  // namespace connectord::auth
