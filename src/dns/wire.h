#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/dns/answer.h"

// DNS messages (RFC 1035, section 4). Pure functions; what they read comes from the network and is not trusted.
namespace connectord::dns {

// A name as messages have it, uncompressed and in lower case, so that equal names are equal strings.
using WireName = std::string;

// std::nullopt for what is no name in DNS: an empty or too long label, too long a name, the root.
std::optional<WireName> to_wire_name(std::string_view name);
// For people and for further questions. A dot or a backslash in a label, and what is not printable, is escaped as in
// zone files (RFC 1035, 5.1), so that no label can pass for two. The root is "".
std::string to_text(const WireName& name);

constexpr std::size_t header_size = 12;  // of a message

// A query for one question, with recursion wanted. With `edns` it takes answers of 1232 bytes over UDP.
std::vector<std::uint8_t> encode_query(std::uint16_t id, const WireName& name, Type type, bool edns);

struct Response {
  Answer answer;
  bool refuses_edns = false;  // FORMERR: to be asked again without (RFC 6891, section 7)
  WireName continue_at;       // a chain of CNAMEs ends here, and the answer does not say what is there; else empty
};

// What a message says about a question. Fails, saying why, for anything that is no sound answer to this very question.
tl::expected<Response, std::string> decode_response(std::span<const std::uint8_t> message, const WireName& name,
                                                    Type type);

}  // namespace connectord::dns
