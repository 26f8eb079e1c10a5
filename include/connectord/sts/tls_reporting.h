#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

// TLSRPT (RFC 8460): where a domain wants reports of TLS that failed. Pure; the texts are a stranger's.
namespace connectord::sts {

// True if a TXT record of _smtp._tls.DOMAIN wants to be one of TLSRPT; others are passed over (3).
bool is_tls_reporting_record(std::string_view text);

// The addresses of its rua, "mailto:…" and "https:…", at most twenty. On failure says what is wrong with the record.
tl::expected<std::vector<std::string>, std::string> parse_tls_reporting_record(std::string_view text);

}  // namespace connectord::sts
