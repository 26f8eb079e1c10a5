#pragma once

#include <cstdint>

namespace connectord::engine {

// Nanoseconds that only rise. The engine has no clock of its own: who wants to know how long each rule took lends one.
using NanosecondClock = std::int64_t (*)();

}  // namespace connectord::engine
