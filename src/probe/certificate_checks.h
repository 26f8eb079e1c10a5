#pragma once

#include <memory>
#include <vector>

#include "outbound_plan.h"

namespace connectord::probe {

// What DNS says about the certificate of a host.
struct DaneFacts {
  std::vector<dns::Tlsa> associations;  // empty: none that count
  bool authenticated = false;           // DNS vouches for them, and for the way to the host
  std::string base;                     // the TLSA base domain, which the server is asked for (RFC 7672, 8.1)
  std::vector<std::string> names;       // of which a certificate below a DANE-TA(2) record must have one
  std::string problem;                  // why they are not known now; empty: they are
};

// Asks for the TLSA records of a host, and notes what they are.
DaneFacts ask_for_tlsa(const OutboundPlan& plan, const Target& target, StepLog& steps);

// Compares what the handshake came to with what connector and domain ask for. False if mail must not go on over it.
bool check_tls(const OutboundPlan& plan, const Target& target, const DaneFacts& dane, const smtp::TlsSession& session,
               StepLog& steps);

}  // namespace connectord::probe
