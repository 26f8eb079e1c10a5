#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/connector.h"
#include "connectord/model/facts.h"

namespace connectord::engine {

// unknown: the MTA has not passed what is needed to know.
enum class Match : std::uint8_t { no, unknown, yes };

// A pattern for the common name compares as domain names do; any other text must be the common name, or the whole
// distinguished name, to the letter. The MTA passes the names of certificates that it trusts only, so `no` may also
// mean that it does not trust this one.
Match subject_matches(const model::SubjectPattern& pattern, const model::ClientCertificate& certificate);
// `issuer` must be the issuer's common name, or its whole distinguished name, to the letter.
Match issuer_matches(std::string_view issuer, const model::ClientCertificate& certificate);
// Any one of them will do.
Match fingerprint_matches(const std::vector<model::Fingerprint>& fingerprints,
                          const model::ClientCertificate& certificate);
// Every part that the pattern has.
Match certificate_matches(const model::CertificatePattern& pattern, const model::ClientCertificate& certificate);

// Among patterns that match one certificate, the higher is the more specific: a fingerprint counts most, then the
// subject as domain patterns do, then an issuer.
unsigned specificity(const model::CertificatePattern& pattern);

// What the MTA passed of the certificate, for a finding.
std::string describe(const model::ClientCertificate& certificate);

}  // namespace connectord::engine
