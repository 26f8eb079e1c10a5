#include <cstddef>
#include <cstdint>
#include <string_view>

#include "connectord/inspect/answer.h"

// What the process that unpacks may say, and how it is given the limits: what is read and written again is the same.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace connectord::inspect;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto answer = read_answer(text)) {
    const auto again = read_answer(to_lines(*answer));
    if (!again || !(*again == *answer)) __builtin_trap();
  }
  if (const auto limits = read_limits(text)) {
    const auto again = read_limits(to_argument(*limits));
    if (!again || to_argument(*again) != to_argument(*limits)) __builtin_trap();
  }
  return 0;
}
