#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/model/words.h"
#include "connectord/net/ip_address.h"

namespace connectord::dns {

enum class Type : std::uint16_t { a = 1, cname = 5, ptr = 12, mx = 15, txt = 16, aaaa = 28, tlsa = 52 };

// A name and the type of record asked for. Names are normalized (net::normalize_domain) or, where a protocol builds
// them from bytes (SPF macros), at least lower-case without trailing dot; the resolver answers `invalid` to what is no
// name in DNS.
struct Question {
  std::string name;
  Type type = Type::txt;
  friend auto operator<=>(const Question&, const Question&) = default;
};

enum class Status : std::uint8_t {
  found,
  nodata,    // the name exists, without records of this type
  nxdomain,  // the name does not exist, and none below it (RFC 8020)
  timeout,   // no answer within the limit
  error,     // SERVFAIL, REFUSED, garbage, an endless chain of CNAMEs: not known now
  invalid,   // the question is no name in DNS: a label too long or empty, a name too long
};
consteval auto words_of(Status) {
  return std::to_array<model::Named<Status>>({{Status::found, "found"},
                                              {Status::nodata, "no such record"},
                                              {Status::nxdomain, "no such domain"},
                                              {Status::timeout, "timeout"},
                                              {Status::error, "error"},
                                              {Status::invalid, "not a domain name"}});
}

struct MailExchanger {
  std::uint16_t preference = 0;
  std::string name;  // "" for the null MX (RFC 7505)
  friend auto operator<=>(const MailExchanger&, const MailExchanger&) = default;
};

// Whose certificate a server may have (RFC 6698, 2.1). The fields are as the zone has them.
struct Tlsa {
  std::uint8_t usage = 0;
  std::uint8_t selector = 0;
  std::uint8_t matching_type = 0;
  std::string data;  // any bytes
  friend auto operator<=>(const Tlsa&, const Tlsa&) = default;
};

// Only the field that belongs to the question's type is filled, in the order of the answer.
struct Answer {
  Status status = Status::nodata;
  std::vector<std::string> texts;         // TXT: the strings of one record joined (RFC 7208, 3.3); any bytes
  std::vector<net::IpAddress> addresses;  // A, AAAA
  std::vector<MailExchanger> exchangers;  // MX
  std::vector<std::string> names;         // PTR, CNAME: normalized where they can be
  std::vector<Tlsa> associations;         // TLSA
  std::chrono::seconds ttl{0};            // how long it may be kept
  bool authenticated = false;             // the AD bit of a server that we trust to validate (RFC 4035)

  bool is_temporary() const { return status == Status::timeout || status == Status::error; }
};

inline std::shared_ptr<const Answer> answer_without_records(Status status) {
  auto answer = std::make_shared<Answer>();
  answer->status = status;
  return answer;
}

std::string_view to_string(Type type);
std::string_view to_string(Status status);

}  // namespace connectord::dns
