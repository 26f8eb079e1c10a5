#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <tl/expected.hpp>

namespace connectord::unpack {

struct Confinement {
  std::uint64_t max_memory = 1U << 30U;  // bytes of address space
  std::chrono::seconds max_cpu_time{20};
};

// Gives up for good whatever this process does not need to turn bytes of one descriptor into bytes of another one:
// other accounts' rights, new files, sockets, processes, and all system calls but a few for memory, reading, writing
// and the end (seccomp(2)). On failure says why; nothing may be read then.
tl::expected<void, std::string> confine(const Confinement& confinement);

}  // namespace connectord::unpack
