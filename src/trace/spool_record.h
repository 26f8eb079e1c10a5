#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "encode.h"

// How entries lie in the spool: one after the other, each with a head that says where it ends, which one it is, and by
// a checksum that it is whole.
namespace connectord::trace {

struct SpooledEntry {
  std::uint64_t sequence = 0;
  StoredEntry entry;
};
// Shared between those who append and the thread that ingests.
using SpooledEntryPointer = std::shared_ptr<const SpooledEntry>;

// The bytes of a record before its content.
constexpr std::size_t spool_record_head = 24;

// What an entry becomes; its number is missing yet.
std::string spool_record(const StoredEntry& entry);
// Numbers begin at 1, and rise from one record to the next.
void number_record(std::string& record, std::uint64_t sequence);

// More than a record can have: 50,000 recipients, 4 MiB of them, and as many names of connectors.
constexpr std::size_t max_record_length = std::size_t{32} << 20U;

// Hands over the number and the content of each record, in their order. Ends at the first that is not whole, which is
// the last one that was written when a machine lost its power, or whose number is not higher than that of the one
// before, `after` at the beginning. Returns how many bytes whole records take.
std::size_t read_records(std::string_view bytes, const std::function<void(std::uint64_t, std::string_view)>& take,
                         std::uint64_t after = 0);

// Whether these bytes, which read_records() has left, may be the beginning of a record that has more of them.
bool is_incomplete(std::string_view bytes);

// False if the content is none of ours.
bool read_entry(std::string_view content, StoredEntry& entry);

}  // namespace connectord::trace
