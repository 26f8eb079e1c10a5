#pragma once

#include <cstdint>

#include "connectord/log/logger.h"

namespace connectord::simulate {

// A simulated client has a port too, by which its facts are joined; any will do.
constexpr std::uint16_t simulated_port = 1;

// For sessions that nobody sent.
class NoLog : public log::Logger {
 public:
  void write(const log::Record& /*record*/) override {}
};

}  // namespace connectord::simulate
