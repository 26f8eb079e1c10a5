#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace connectord::auth {

// Where a domain wants its DMARC reports: one URI of rua or ruf (RFC 9989, 4.7 and 4.8).
struct ReportUri {
  std::string text;    // as it stands there, without a size behind "!"
  std::string domain;  // of a mailto: address, normalized; empty for other schemes, and where it is no domain
  // What stands behind "!" (RFC 7489, 6.2): of a longer report nothing is wanted. RFC 9989 knows no sizes any more.
  std::optional<std::uint64_t> max_bytes{};

  friend bool operator==(const ReportUri&, const ReportUri&) = default;
};

// std::nullopt for what is no URI that may stand in a record.
std::optional<ReportUri> parse_report_uri(std::string_view text);

// The list of a tag rua or ruf; what is no URI is left out, and what goes beyond `most`.
std::vector<ReportUri> parse_report_uris(std::string_view list, std::size_t most);

// The address of a mailto: URI (RFC 6068), decoded, without its headers; any bytes. Empty for other schemes.
std::string mail_address_of(const ReportUri& uri);

// By whose record (RFC 9990, 4; before that RFC 7489, 7.1) a host of another organization says that it takes reports
// about the domain.
std::string report_authorization_name(std::string_view domain, std::string_view host);

// Whether there is any.
bool has_report_uri(std::string_view list);

}  // namespace connectord::auth
