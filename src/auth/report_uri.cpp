#include "connectord/auth/report_uri.h"

#include <algorithm>

#include "connectord/base/ascii_case.h"
#include "connectord/base/hexadecimal.h"
#include "connectord/base/number.h"
#include "connectord/base/text.h"
#include "connectord/net/domain_name.h"

namespace connectord::auth {
namespace {

// A comma or an exclamation mark in a URI must be encoded (RFC 9989, 4.8); behind an exclamation mark stood a size once
// (RFC 7489, 6.2). Those who still write it mean it.
constexpr char size_mark = '!';

// 1*DIGIT [ "k" / "m" / "g" / "t" ], in powers of 2^10; std::nullopt for none and for what is no size.
std::optional<std::uint64_t> size_of(std::string_view text) {
  const auto mark = text.find(size_mark);
  if (mark == std::string_view::npos) return std::nullopt;
  std::string_view digits = base::trimmed(text.substr(mark + 1));
  constexpr std::string_view units = "kmgt";
  unsigned shift = 0;
  if (!digits.empty()) {
    if (const auto unit = units.find(base::to_lower(digits.back())); unit != std::string_view::npos) {
      shift = 10U * static_cast<unsigned>(unit + 1);
      digits.remove_suffix(1);
    }
  }
  const auto number = base::whole_number<std::uint64_t>(digits);
  if (!number || *number > (std::uint64_t{1} << (63U - shift))) return std::nullopt;
  return *number << shift;
}

// RFC 3986 as far as it matters here: characters that may stand in a URI.
bool is_uri_character(char c) {
  constexpr std::string_view others = "-._~:/?#[]@$&'()*+;=%";
  return base::is_alpha(c) || base::is_digit(c) || others.find(c) != std::string_view::npos;
}

// Without its size.
std::string_view without_size(std::string_view text) {
  return base::trimmed(text.substr(0, text.find(size_mark)));
}

// A scheme, and what may stand behind it.
bool is_uri(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  return base::is_alpha(text[0]) && std::all_of(text.begin(), text.end(), is_uri_character);
}

bool is_mailto(std::string_view uri) {
  return base::equals_ignoring_case(uri.substr(0, uri.find(':')), "mailto");
}

// The domain of a mailto: URI; empty where there is no address (RFC 6068, 2).
std::string_view domain_of(std::string_view uri) {
  const auto begin = uri.find(':') + 1;
  const std::string_view address = uri.substr(begin, uri.find('?') - begin);
  const auto at = address.rfind('@');
  return at == std::string_view::npos || at == 0 ? std::string_view() : address.substr(at + 1);
}

bool is_report_uri(std::string_view text) {
  return is_uri(text) && (!is_mailto(text) || !domain_of(text).empty());
}

std::string_view take_uri(std::string_view& list) {
  const auto comma = std::min(list.find(','), list.size());
  const std::string_view piece = list.substr(0, comma);
  list.remove_prefix(std::min(comma + 1, list.size()));
  return piece;
}

}  // namespace

std::optional<ReportUri> parse_report_uri(std::string_view text) {
  const auto size = size_of(text);
  text = without_size(text);
  if (!is_report_uri(text)) return std::nullopt;
  ReportUri uri{std::string(text), {}, size};
  if (is_mailto(text)) uri.domain = net::normalize_domain(base::decode_marked_hex(domain_of(text), '%')).value_or("");
  return uri;
}

std::vector<ReportUri> parse_report_uris(std::string_view list, std::size_t most) {
  std::vector<ReportUri> uris;
  while (!list.empty() && uris.size() < most) {
    if (auto uri = parse_report_uri(take_uri(list))) uris.push_back(*std::move(uri));
  }
  return uris;
}

std::string mail_address_of(const ReportUri& uri) {
  const std::string_view text = uri.text;
  if (!is_mailto(text)) return {};
  const auto begin = text.find(':') + 1;
  return base::decode_marked_hex(text.substr(begin, text.find('?') - begin), '%');
}

std::string report_authorization_name(std::string_view domain, std::string_view host) {
  return std::string(domain) + "._report._dmarc." + std::string(host);
}

bool has_report_uri(std::string_view list) {
  while (!list.empty()) {
    if (is_report_uri(without_size(take_uri(list)))) return true;
  }
  return false;
}

}  // namespace connectord::auth
