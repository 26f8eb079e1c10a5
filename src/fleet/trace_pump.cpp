#include "trace_pump.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace connectord::fleet {
namespace {

constexpr std::size_t max_rejected_content = std::size_t{1} << 20U;

TargetError unreadable(const std::string& reason) {
  return {TargetError::Kind::unavailable, reason};
}

bool has_nothing(const TraceBatch& batch, const trace::FeedPart& part) {
  return part.messages == 0 && part.reports == 0 && part.lost == 0 && batch.texts.is_empty();
}

}  // namespace

tl::expected<Pumped, TargetError> TracePump::step(bool is_forced) {
  const auto source = feed_.source();
  if (!source) return tl::unexpected(unreadable(source.error()));
  const bool is_new = source->file != file_ || source->last_row != cursor_.row || source->last_report > cursor_.report;
  if (!is_new && !is_forced && !is_limited()) return Pumped{.cursor = cursor_, .lost = lost_, .rejected = rejected_};
  auto done = pump(*source);
  if (!done) target_.roll_back();
  return done;
}

tl::expected<Backlog, std::string> TracePump::backlog() {
  const auto source = feed_.source();
  if (!source) return tl::unexpected(source.error());
  const std::int64_t pumped = source->file == file_ ? cursor_.row : 0;
  const std::int64_t there = std::max({source->from, source->noted.row, pumped});
  if (source->last_row <= there) return Backlog{};
  const auto oldest = feed_.time_of(there + 1);
  if (!oldest) return tl::unexpected(oldest.error());
  return Backlog{.rows = source->last_row - there, .oldest = oldest->value_or(0)};
}

tl::expected<Pumped, TargetError> TracePump::pump(const trace::FeedSource& source) {
  const auto state = target_.begin();
  if (!state) return tl::unexpected(state.error());
  const auto is_same = is_same_file(source, *state);
  if (!is_same) return tl::unexpected(is_same.error());
  if (!*is_same) return begin_epoch(source, *state);
  TraceBatch batch(state->place);
  const auto part = feed_.read(state->cursor, bounds_, batch);
  if (!part) return tl::unexpected(unreadable(part.error()));
  Pumped done{.cursor = part->end,
              .messages = part->messages,
              .reports = part->reports,
              .has_more = part->has_more || is_limited(),
              .waiting = std::max<std::int64_t>(source.last_row - part->end.row, 0),
              .lost = state->lost + part->lost,
              .lost_now = part->lost,
              .rejected = state->rejected};
  const TargetNote note = note_of(source, *state, *part, batch);
  if (done.waiting > 0) done.oldest_waiting = note.last_time;
  if (auto put = target_.put(batch, note); !put) return after_failure(put.error(), batch, *part, *state, note);
  file_ = source.file;
  keep(done);
  has_nothing(batch, *part) ? be_unlimited() : grow();
  return done;
}

TargetNote TracePump::note_of(const trace::FeedSource& source, const TargetState& state, const trace::FeedPart& part,
                              const TraceBatch& batch) {
  const bool is_all = part.end.row >= source.last_row;
  const std::int64_t last = batch.last_time == 0 ? state.last_time : batch.last_time;
  return {.cursor = part.end,
          .last_time = last,
          .lost = part.lost,
          .newest_row = std::max(source.last_row, part.end.row),
          .newest_time = source.last_time,
          .complete_until = is_all ? state.place.now : std::min(last, state.place.now)};
}

// A file that was replaced, or is an older copy of itself, has other rows under the same numbers.
TargetResult<bool> TracePump::is_same_file(const trace::FeedSource& source, const TargetState& state) {
  if (source.file != state.file || state.cursor.row > source.last_row) return false;
  if (state.last_time == 0) return true;
  const auto time = feed_.time_of(state.cursor.row);
  if (!time) return tl::unexpected(unreadable(time.error()));
  return !*time || **time == state.last_time;
}

tl::expected<Pumped, TargetError> TracePump::begin_epoch(const trace::FeedSource& source, const TargetState& state) {
  trace::FeedCursor cursor;
  cursor.row = source.from;
  // Of a copy, as much is in the joint trace as it says itself.
  if (source.file == state.file) {
    cursor.row = source.noted.row;
    cursor.report = source.noted.report;
  }
  if (auto begun = target_.begin_epoch(source.file, cursor); !begun) return tl::unexpected(begun.error());
  Pumped done{.cursor = cursor, .has_more = true, .lost = state.lost, .rejected = state.rejected};
  keep(done);
  return done;
}

tl::expected<Pumped, TargetError> TracePump::after_failure(const TargetError& error, const TraceBatch& batch,
                                                           const trace::FeedPart& part, const TargetState& state,
                                                           TargetNote note) {
  target_.roll_back();
  if (error.kind == TargetError::Kind::unavailable) return tl::unexpected(error);
  Pumped done{.cursor = state.cursor,
              .has_more = true,
              .waiting = std::max<std::int64_t>(note.newest_row - state.cursor.row, 0),
              .oldest_waiting = state.last_time,
              .lost = state.lost,
              .rejected = state.rejected};
  if (error.kind == TargetError::Kind::again || halve(part)) return done;
  if (part.messages + part.reports == 0) return tl::unexpected(error);
  // The texts were not written either.
  note.cursor = state.cursor;
  (part.messages > 0 ? note.cursor.row : note.cursor.report) = part.messages > 0 ? part.end.row : part.end.report;
  const bool is_report = part.messages == 0;
  const RejectedRow row{.seq = is_report ? part.end.report : part.end.row + state.place.base,
                        .is_report = is_report,
                        .reason = error.reason,
                        .content = batch.content().substr(0, max_rejected_content)};
  const auto again = target_.begin();
  if (!again) return tl::unexpected(again.error());
  if (!(again->cursor == state.cursor)) return done;
  if (auto rejected = target_.reject(row, again->place, note); !rejected) return tl::unexpected(rejected.error());
  done.cursor = note.cursor;
  done.rejected += 1;
  done.lost += note.lost;
  done.lost_now = note.lost;
  done.rejected_because = error.reason;
  keep(done);
  grow();
  return done;
}

void TracePump::keep(const Pumped& done) {
  cursor_ = done.cursor;
  lost_ = done.lost;
  rejected_ = done.rejected;
}

// False if one row is alone already. What became of messages is tried apart from messages.
bool TracePump::halve(const trace::FeedPart& part) {
  if (part.messages > 0 && part.reports > 0) {
    bounds_ = {.messages = part.messages, .reports = 0};
    postponed_ = part.reports;
    return true;
  }
  if (part.messages > 1) {
    bounds_ = {.messages = part.messages / 2, .reports = 0};
    return true;
  }
  if (part.messages == 0 && part.reports > 1) {
    bounds_ = {.messages = 0, .reports = part.reports / 2};
    return true;
  }
  return false;
}

void TracePump::grow() {
  if (!is_limited()) return;
  if (postponed_ > 0 && bounds_.reports == 0) {
    bounds_ = {.messages = 0, .reports = std::exchange(postponed_, 0)};
    return;
  }
  bounds_.messages *= 2;
  bounds_.reports *= 2;
  if (std::max(bounds_.messages, bounds_.reports) >= most) be_unlimited();
}

}  // namespace connectord::fleet
