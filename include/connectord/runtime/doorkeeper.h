#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "connectord/engine/admission.h"
#include "connectord/runtime/services.h"

namespace connectord::runtime {

// Lets clients of a listener of inet: in or not, as the configuration that runs now has it, and says in the log whom it
// did not let in: once a minute, so that nobody can fill the log. Thread-safe.
class Doorkeeper {
 public:
  // `subject` is a literal of the program, for the log. The services must outlive it.
  Doorkeeper(const Services& services, engine::Service service, std::string_view subject)
      : services_(services), service_(service), subject_(subject) {}

  bool admits(const net::IpAddress& client);

 private:
  Services services_;
  engine::Service service_;
  std::string_view subject_;
  std::atomic<std::int64_t> next_line_{0};  // seconds since 1970
};

}  // namespace connectord::runtime
