#include <cstddef>
#include <cstdint>
#include <string_view>

#include "policyd/request.h"

// Whatever a peer writes to the policy socket up to its empty line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto request = connectord::policyd::parse_request(text);
  // The answer is one line, whatever the request held.
  if (request && text.find('\0') != std::string_view::npos) __builtin_trap();
  return 0;
}
