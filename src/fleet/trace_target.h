#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "connectord/trace/feed.h"
#include "trace_batch.h"

namespace connectord::fleet {

// Why the joint trace could not be written.
struct TargetError {
  enum class Kind : std::uint8_t {
    unavailable,  // not now
    row,          // one of the rows is to blame
    again,        // something was missing that is there now
  };
  Kind kind = Kind::unavailable;
  std::string reason;
};
template <class Value = void>
using TargetResult = tl::expected<Value, TargetError>;

// How far the joint trace has this host's rows, in the numbers of the host's file.
struct TargetState {
  trace::FeedCursor cursor;
  BatchPlace place;
  std::int64_t last_time = 0;  // of the message that the last row belongs to; 0: none
  std::string file;            // whose numbers these are; empty: of no file yet
  std::int64_t lost = 0;
  std::int64_t rejected = 0;
};

// What is noted together with rows, or where there are none.
struct TargetNote {
  trace::FeedCursor cursor;
  std::int64_t last_time = 0;
  std::int64_t lost = 0;            // more than before
  std::int64_t newest_row = 0;      // that the host has
  std::int64_t newest_time = 0;     // of it
  std::int64_t complete_until = 0;  // older mail is all there
};

struct RejectedRow {
  std::int64_t seq = 0;  // of the message, or of what became of one
  bool is_report = false;
  std::string reason;
  std::string content;
};

// The joint trace, as this host writes it. After an error of any kind nothing of what was begun is there, or all is:
// begin() says which.
class TraceTarget {
 public:
  virtual ~TraceTarget() = default;
  // Begins a transaction, in which nobody else can write rows of this host.
  virtual TargetResult<TargetState> begin() = 0;
  // From now on the numbers are those of another file.
  virtual TargetResult<> begin_epoch(const std::string& file, const trace::FeedCursor& cursor) = 0;
  // These end the transaction.
  virtual TargetResult<> put(TraceBatch& batch, const TargetNote& note) = 0;
  virtual TargetResult<> reject(const RejectedRow& row, const BatchPlace& place, const TargetNote& note) = 0;
  virtual void roll_back() = 0;
};

}  // namespace connectord::fleet
