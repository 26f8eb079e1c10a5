#include "connectord/sts/tls_reporting.h"

#include <algorithm>

#include "connectord/base/text.h"

namespace connectord::sts {
namespace {

constexpr std::string_view record_version = "v=TLSRPTv1";
constexpr std::size_t max_report_addresses = 20;

std::string_view take(std::string_view& text, char end) {
  const auto length = std::min(text.find(end), text.size());
  const std::string_view piece = base::trimmed(text.substr(0, length));
  text.remove_prefix(std::min(length + 1, text.size()));
  return piece;
}

bool is_address(std::string_view uri) {
  const auto colon = uri.find(':');
  if (colon == std::string_view::npos || colon + 1 == uri.size()) return false;
  const bool known = uri.starts_with("mailto:") || uri.starts_with("https:");
  return known && std::all_of(uri.begin(), uri.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

bool is_tls_reporting_record(std::string_view text) {
  if (!text.starts_with(record_version)) return false;
  const auto rest = base::trimmed(text.substr(record_version.size()));
  return rest.empty() || rest.starts_with(';');
}

tl::expected<std::vector<std::string>, std::string> parse_tls_reporting_record(std::string_view text) {
  if (!is_tls_reporting_record(text)) return tl::unexpected(std::string("does not begin with v=TLSRPTv1"));
  take(text, ';');
  std::vector<std::string> addresses;
  while (!text.empty()) {
    std::string_view field = take(text, ';');
    const std::string_view name = take(field, '=');
    if (name != "rua") continue;
    if (!addresses.empty()) return tl::unexpected(std::string("rua stands there twice"));
    while (!field.empty() && addresses.size() < max_report_addresses) {
      const std::string_view uri = take(field, ',');
      if (!is_address(uri)) return tl::unexpected("\"" + base::printable(uri) + "\" is neither mailto: nor https:");
      addresses.emplace_back(uri);
    }
  }
  if (addresses.empty()) return tl::unexpected(std::string("rua is missing"));
  return addresses;
}

}  // namespace connectord::sts
