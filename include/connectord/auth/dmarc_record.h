#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connectord/model/authentication.h"

namespace connectord::auth {

inline constexpr std::size_t max_dmarc_record_length = 4096;  // bytes; those of honest domains have some hundred

// A DMARC Policy Record (RFC 9989, 4.7). Where reports go counts for who writes reports, or looks at the domain itself,
// and for no message. Tags of RFC 7489 that are gone (pct, rf, ri) are unknown tags now, and those are ignored.
struct DmarcRecord {
  enum class PublicSuffix : std::uint8_t { yes, no, unknown };  // psd=y, n, u

  model::DmarcPolicy policy = model::DmarcPolicy::none;   // p
  std::optional<model::DmarcPolicy> subdomain_policy;     // sp
  std::optional<model::DmarcPolicy> non_existent_policy;  // np
  bool strict_dkim = false;                               // adkim=s
  bool strict_spf = false;                                // aspf=s
  bool testing = false;                                   // t=y
  PublicSuffix psd = PublicSuffix::unknown;
  bool has_report_address = false;  // a valid URI in rua
  // rua and ruf as they stand there, any bytes; see auth/report_uri.h.
  std::string aggregate_reports;
  std::string failure_reports;
  std::string failure_options;  // fo, in lower case; empty where it is not there or not valid (its default is "0")
  // False where p, sp or np is not valid and there is no rua: then DMARC does not apply (4.10.1). With rua the record
  // counts as "p=none" and is usable. False too for a record that is longer than any is read.
  bool usable = true;
  std::string problem;  // what is wrong with the record, in printable ASCII; empty for nothing

  friend bool operator==(const DmarcRecord&, const DmarcRecord&) = default;
};

// std::nullopt for a TXT record that is not a DMARC Policy Record: it does not begin with the tag v, or the value of v
// is not "DMARC1" to the letter. Errors behind that never void the record: the tag gets its default (4.8). A tag given
// twice has no one value, so it counts as not valid.
std::optional<DmarcRecord> parse_dmarc_record(std::string_view text);

// What a record asks for, without addresses and without what is at its default: "p=reject; np=none; adkim=s". Behind
// "v=DMARC1; " it is a record again that asks for the same.
std::string tags_of(const DmarcRecord& record);

}  // namespace connectord::auth
