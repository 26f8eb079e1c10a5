#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "dns/wire.h"

// Whatever a name server, or somebody in its place, sends as an answer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace connectord::dns;  // NOLINT: one function
  static const WireName name = *to_wire_name("example.com");
  for (const Type type : {Type::a, Type::aaaa, Type::txt, Type::mx, Type::ptr, Type::cname, Type::tlsa}) {
    const auto response = decode_response(std::span(data, size), name, type);
    if (!response) continue;
    const Answer& answer = response->answer;
    const std::size_t records = answer.texts.size() + answer.addresses.size() + answer.exchangers.size() +
                                answer.names.size() + answer.associations.size();
    // Each record takes twelve octets of the message at least.
    if (records > size / 12) __builtin_trap();
    if (answer.status != Status::found && records > 0) __builtin_trap();
  }
  return 0;
}
