#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/trace/feed.h"
#include "trace_target.h"

namespace connectord::fleet {

// What one step has done.
struct Pumped {
  trace::FeedCursor cursor;  // how far the joint trace has it now
  std::size_t messages = 0;
  std::size_t reports = 0;
  bool has_more = false;
  std::int64_t waiting = 0;         // rows
  std::int64_t oldest_waiting = 0;  // its time; 0: none waits
  std::int64_t lost = 0;            // in all
  std::int64_t lost_now = 0;        // in this step
  std::int64_t rejected = 0;
  std::string rejected_because{};  // where a row was, in this step
};

// What this host has and the joint trace has not.
struct Backlog {
  std::int64_t rows = 0;
  std::int64_t oldest = 0;  // its time; 0: none waits, or it is not known
};

// Takes rows of the trace to the joint one, a batch in each step. Where the database does not take a batch because of
// what is in it, the next ones are halves, until the one row is alone that is to blame; that is put aside. What has
// been done is read from the database alone, so that after any doubt a step begins where the last one ended.
class TracePump {
 public:
  TracePump(trace::Feed& feed, TraceTarget& target) : feed_(feed), target_(target) {}

  // `is_forced`: also where nothing is new, to say that this host is there.
  tl::expected<Pumped, TargetError> step(bool is_forced);
  // What waits by this host's file alone, for when the database cannot be asked.
  tl::expected<Backlog, std::string> backlog();

 private:
  // So many messages and reports of what became of some are taken at a time.
  static constexpr std::size_t most = 5'000;

  tl::expected<Pumped, TargetError> pump(const trace::FeedSource& source);
  TargetResult<bool> is_same_file(const trace::FeedSource& source, const TargetState& state);
  tl::expected<Pumped, TargetError> begin_epoch(const trace::FeedSource& source, const TargetState& state);
  static TargetNote note_of(const trace::FeedSource& source, const TargetState& state, const trace::FeedPart& part,
                            const TraceBatch& batch);
  tl::expected<Pumped, TargetError> after_failure(const TargetError& error, const TraceBatch& batch,
                                                  const trace::FeedPart& part, const TargetState& state,
                                                  TargetNote note);
  void keep(const Pumped& done);
  bool halve(const trace::FeedPart& part);
  void grow();
  bool is_limited() const { return bounds_.messages != most || bounds_.reports != most; }
  void be_unlimited() {
    bounds_ = {most, most};
    postponed_ = 0;
  }

  trace::Feed& feed_;
  TraceTarget& target_;
  trace::FeedBounds bounds_{most, most};
  std::size_t postponed_ = 0;  // reports, until the messages of the same batch are tried
  // As of the last step that was done.
  std::string file_;
  trace::FeedCursor cursor_;
  std::int64_t lost_ = 0;
  std::int64_t rejected_ = 0;
};

}  // namespace connectord::fleet
