#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connectord/dns/resolver.h"

namespace connectord::sts {

// A host that takes mail, and what DNS vouches for (RFC 4035).
struct MailHost {
  std::string name;
  std::uint16_t port = 25;
  std::string domain;                  // whose MX record names it; empty where it is named by other means
  bool authenticated = false;          // for all that led here
  bool name_is_authenticated = false;  // for the name at least, and not for its addresses
};

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
TlsaRecords find_tlsa(dns::Resolver& resolver, const MailHost& host);

}  // namespace connectord::sts
