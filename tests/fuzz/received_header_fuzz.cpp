#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "connectord/mail/skip_listing.h"
#include "connectord/net/special_addresses.h"
#include "mail/received.h"

// Any value of a Received field: an address is found, or the result says why not; and skip listing ends.

namespace {

using namespace connectord;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

void require_original_client(std::string_view value) {
  const mail::ConnectingClient client{net::IpAddress::parse("192.0.2.10").value(), "gw.example.net", ""};
  const std::vector<std::string_view> fields(3, value);
  mail::SkipRules rules;
  const auto untouched = mail::find_original_client(client, fields, rules);
  require(untouched.address == client.address && untouched.header == 0 && untouched.stopped.empty());
  rules.skip_last = true;
  const auto found = mail::find_original_client(client, fields, rules);
  require(!found.trail.empty() && found.trail.size() <= fields.size() + 1);
  require((found.trail.back().verdict == mail::HopVerdict::taken) == found.stopped.empty());
  require(found.header == 0 || net::special_purpose(found.address).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  const auto received = mail::parse_received(value);
  if (!received) {
    require(!received.error().empty());
  } else if (received->has_from) {
    require(received->client_address.has_value() == received->address_problem.empty());
  } else {
    require(!received->client_address);
  }
  require_original_client(value);
  return 0;
}
