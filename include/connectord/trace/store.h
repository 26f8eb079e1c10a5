#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "connectord/trace/entry.h"

namespace connectord::trace {

// How many of the things that a LogBatch reports were of messages in the trace.
struct Recorded {
  std::size_t matched = 0;
  std::size_t unknown = 0;
};

// The condition of what the trace is kept in. Times are seconds since 1970.
struct Condition {
  std::string outage;          // why nothing can be kept now; empty: it can
  std::int64_t since = 0;      // when that began
  std::uint64_t losses = 0;    // how often a file of the trace was removed or replaced while it was open
  std::int64_t last_loss = 0;  // 0: never
};

// Where the message trace is kept. Thread-safe; every call waits for a bounded time only. On failure a call says why.
class Store {
 public:
  virtual ~Store() = default;

  // Returns when the entry is kept, so that an answer given afterwards is in the trace whatever happens to this
  // process.
  virtual tl::expected<void, std::string> append(const Entry& entry) = 0;

  // Keeps what became of messages, and the position, in one step. A message is found by its queue ID, the newest one
  // where the mail server has used that again. The same delivery twice changes nothing.
  virtual tl::expected<Recorded, std::string> record(const LogBatch& batch) = 0;

  // The position of the last batch; empty before the first.
  virtual tl::expected<std::string, std::string> position() = 0;

  // Entries that are kept and have no rows yet.
  virtual std::size_t waiting() const = 0;

  virtual Condition condition() const = 0;
};

}  // namespace connectord::trace
