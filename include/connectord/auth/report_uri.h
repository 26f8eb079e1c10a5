#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace connectord::auth {

// Where a domain wants its DMARC reports: one URI of rua or ruf (RFC 9989, 4.7 and 4.8).
struct ReportUri {
  std::string text;    // as it stands there, without a size behind "!"
  std::string domain;  // of a mailto: address, normalized; empty for other schemes, and where it is no domain

  friend bool operator==(const ReportUri&, const ReportUri&) = default;
};

// std::nullopt for what is no URI that may stand in a record.
std::optional<ReportUri> parse_report_uri(std::string_view text);

// The list of a tag rua or ruf; what is no URI is left out, and what goes beyond `most`.
std::vector<ReportUri> parse_report_uris(std::string_view list, std::size_t most);

// Whether there is any.
bool has_report_uri(std::string_view list);

}  // namespace connectord::auth
