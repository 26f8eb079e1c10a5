#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectord/dns/resolver.h"
#include "targets.h"

namespace connectord::probe {

// The TLSA records of a host, wherever they stand (RFC 7672, 2.2).
struct TlsaRecords {
  std::string base;                           // the TLSA base domain: of the records, or of the last question
  std::vector<std::string> asked;             // "_25._tcp.mx.contoso.com", in the order of the questions
  std::shared_ptr<const dns::Answer> answer;  // to the last question; a failure on the way to it is its status
  bool authenticated = false;                 // DNS vouches for the answer, and for the way to its base domain
  std::vector<std::string> names;  // for one of which a certificate below a DANE-TA(2) record must be (3.2.2)
};

// Where the host is an alias and DNS vouches for all of the chain, the name at its end is asked first, and the host's
// own name only if there are no records; where DNS vouches for the first alias alone, only the host's own name (2.2.2,
// 2.2.3). What cannot be known now ends the search: it might have been what counts.
TlsaRecords find_tlsa(dns::Resolver& resolver, const Target& target);

}  // namespace connectord::probe
