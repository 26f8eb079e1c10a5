#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "trace/spool_record.h"

// What a process that was killed left in the trace's spool, which may be damaged: any bytes give whole records or none,
// and an entry that is read is written as it was.

namespace {

using namespace connectord;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

void check_entry(std::string_view content) {
  trace::StoredEntry entry;
  if (!trace::read_entry(content, entry)) return;
  const std::string record = trace::spool_record(entry);
  trace::StoredEntry again;
  require(trace::read_entry(std::string_view(record).substr(trace::spool_record_head), again));
  require(trace::spool_record(again) == record);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::uint64_t last = 0;
  const std::size_t whole = trace::read_records(bytes, [&last](std::uint64_t sequence, std::string_view content) {
    require(sequence > last);
    last = sequence;
    check_entry(content);
  });
  require(whole <= size);
  // Also without the checksum, which hides what is behind it.
  check_entry(bytes);
  return 0;
}
