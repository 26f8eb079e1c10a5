#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What can be searched for, as numbers. Two texts may have the same number, so what is found is looked at again.
namespace connectord::trace {

enum class TermKind : char {  // stored: do not change
  sender = 's',
  sender_domain = 'S',
  recipient = 'r',
  recipient_domain = 'R',
  message_id = 'm',
  queue_id = 'q',
  client = 'c',
  // Only where it is not the sender's too.
  author = 'a',
  author_domain = 'A',
  rule = 'u',  // its name in lower case
};

// 32 bits, signed because SQLite keeps such a number in four bytes.
std::int64_t term(TermKind kind, std::string_view text);

// The form in which two spellings of an address are the same: without the quotes and backslashes that a local part may
// have (RFC 5321, 4.1.2) and without a source route (appendix C), in lower case, the domain in A-labels.
std::string canonical_address(std::string_view address);
std::string canonical_domain(std::string_view domain);
// What stands before the "@" of a canonical address; all of it where there is none.
std::string_view local_part(std::string_view canonical);
// What follows the last "@"; empty where there is none.
std::string_view domain_part(std::string_view address);

// Postings lie in segments of 65,536 row numbers. A row's number is its segment and its offset there.
constexpr unsigned segment_bits = 16;
constexpr std::int64_t segment_size = std::int64_t{1} << segment_bits;
constexpr std::int64_t segment_of(std::int64_t id) {
  return id >> segment_bits;
}
constexpr std::int64_t offset_of(std::int64_t id) {
  return id & (segment_size - 1);
}

}  // namespace connectord::trace
