#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/net/address_set.h"
#include "connectord/net/ip_address.h"

// Enhanced filtering: who handed a message to our own gateways. Pure and thread-safe.
namespace connectord::mail {

// What became of one address on a message's way, from the connection backwards.
enum class HopVerdict : std::uint8_t {
  taken,             // the original client
  skipped_last,      // the connecting client, by skip_last
  skipped_listed,    // in skip_networks
  skipped_private,   // a private, link-local or loopback address: inside the site of a host that is believed
  skipped_internal,  // a Received field without "from": the message did not change hosts
  unreadable,        // ends the search
};

struct Hop {
  std::size_t header = 0;  // 0: the connection; from 1: the Received field, counted from the top
  std::optional<net::IpAddress> address;
  HopVerdict verdict = HopVerdict::taken;
  std::string problem;  // of an unreadable hop
};

struct OriginalClient {
  net::IpAddress address;
  std::string helo;         // what this client called itself; for SPF's HELO identity
  std::string client_name;  // of DNS, as the host that saw it wrote down; empty where none is known
  std::size_t header = 0;   // where it was found; 0: it is the connecting client
  std::vector<Hop> trail;   // how it was found, the connection first
  // Why the search ended at a host that was to be skipped; empty where a hop was taken.
  std::string stopped;
  // The way was followed to its beginning: a hop was taken, or there is no further Received field.
  bool complete = false;
};

// The machine that the message set out from as far as the way is known: the original client, or a private address that
// stands at its beginning. Empty where the way was not followed to its end, and where it ends at a listed host, which
// may have left out whom it had the message from.
std::optional<net::IpAddress> origin_of(const OriginalClient& client);

struct ConnectingClient {
  net::IpAddress address;
  std::string helo;
  std::string name;
};

// A connector's enhanced filtering, as far as the search goes.
struct SkipRules {
  bool skip_last = false;
  net::AddressSet skip_networks;
};

// Received fields beyond this number are not looked at. Servers refuse mail as looping at 50 to 100.
constexpr std::size_t max_received_fields = 64;

// `received` holds the raw values of the Received fields from the top down, without the one that our own server will
// add. A field is believed only if the host that added it was skipped: the top field as the connecting client's, each
// further one as the last skipped hop's. So with a connecting client that is neither listed nor private, none is. Where
// a skipped host's field cannot be read, the original client is the last public address known so far, since guessing on
// would let a sender choose its own address.
OriginalClient find_original_client(const ConnectingClient& client, const std::vector<std::string_view>& received,
                                    const SkipRules& rules);

std::string_view to_string(HopVerdict verdict);
// "Received 2: 198.51.100.7 skipped, listed": a hop in words, for findings.
std::string to_string(const Hop& hop);

}  // namespace connectord::mail
