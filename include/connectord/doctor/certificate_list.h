#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/doctor/doctor.h"

// Every certificate that mail depends on, in one list.
namespace connectord::doctor {

struct ListedCertificate {
  std::string whose{};  // "ours", "smart host", "partner": a stable word
  std::string where{};  // "smtpd_tls_cert_file, /etc/…", "contoso-out, mx.contoso.com", "contoso, 203.0.113.7"
  std::string subject{};
  std::string issuer{};             // empty where it is not known
  std::string sha256{};             // lower-case hexadecimal; empty where it is not known
  std::string public_key_sha256{};  // of the SubjectPublicKeyInfo; empty where it is not known
  std::int64_t not_after = 0;       // seconds since 1970; 0: not known, as a mail server passes none of a client's
  std::int64_t last_seen = 0;       // seconds since 1970; 0 for a file, which is there now
  std::string problem{};            // why nothing is known of a file
};

// By their ends, those without one last: those of the mail server and the API, of smart hosts as the last validations
// saw them, and of clients as the newest messages of the trace have them. `archive` may be nullptr. A trace that cannot
// be read is listed as a problem of its own.
std::vector<ListedCertificate> list_certificates(const Context& context, trace::Archive* archive);

// The same for what the configuration file names. Forks, so it must be called while there is one thread. On failure
// says that the configuration does not load.
tl::expected<std::vector<ListedCertificate>, std::string> list_certificates(const std::string& configuration_file,
                                                                            const mta::MailServerPlaces& places);

}  // namespace connectord::doctor
