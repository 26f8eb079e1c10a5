#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "connectord/net/ip_address.h"

namespace connectord::mail {

// What one Received field records (RFC 5321, 4.4), as far as it has it. Comments are free text by the RFC, but it is
// there that mail servers record the client's address; parse_received knows the forms of those in use.
struct Received {
  bool has_from = false;    // false where a message was handed on inside a host, or began there
  std::string helo;         // what the client called itself; a claim, never a fact
  std::string client_name;  // by DNS, as the receiving host recorded it; empty where it says none or unknown
  std::optional<net::IpAddress> client_address;  // as the receiving host saw it
  std::string address_problem;                   // why a field that has `from` has no client address
  std::string by;                                // the receiving host
  std::string with;                              // the protocol, as written
  bool tls = false;                              // by the protocol (RFC 3848) or by a comment of the receiving host's
  std::string timestamp;                         // as written
};

// On failure says why the value cannot be taken apart. No address is ever taken from the client's own words: not from a
// HELO that is an address literal, not from a certificate's name, not from an ident answer. Where a value could be read
// to record two addresses, it records none.
tl::expected<Received, std::string> parse_received(std::string_view raw_value);

}  // namespace connectord::mail
