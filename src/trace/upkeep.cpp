#include "upkeep.h"

#include <algorithm>
#include <cstddef>

namespace connectord::trace {
namespace {

using namespace std::chrono_literals;

// So many messages are indexed together.
constexpr std::size_t index_batch = 8'192;
// One step more at a time for each batch that it is behind, so that it catches up with any load; but nobody waits for
// long.
constexpr std::size_t most_steps = 100;
// After this time without work, the rest is indexed too.
constexpr auto quiet = 1s;
constexpr auto longest_at_end = 2s;
constexpr auto between_removals = 60s;
constexpr auto between_notes = 1s;
constexpr auto between_removal_steps = 50ms;
constexpr int checkpoint_pages = 4000;  // 16 MiB

}  // namespace

StoreResult<> Upkeep::run(SqliteWriter& writer) {
  return index(writer)
      .and_then([&] { return write_fed(writer); })
      .and_then([&] { return remove_old(writer); })
      .and_then([&] { return writer.checkpoint(checkpoint_pages); });
}

StoreResult<> Upkeep::index(SqliteWriter& writer) {
  const bool is_quiet = Clock::now() - last_work_ >= quiet;
  const bool is_time = is_indexing_ || writer.unindexed() >= index_batch || (is_quiet && writer.unindexed() > 0);
  if (!is_time) return {};
  const std::size_t steps = std::min(1 + writer.unindexed() / index_batch, most_steps);
  for (std::size_t i = 0; i < steps; ++i) {
    const auto more = writer.index_some();
    if (!more) return tl::unexpected(more.error());
    is_indexing_ = *more;
  }
  return {};
}

StoreResult<> Upkeep::remove_old(SqliteWriter& writer) {
  const auto now = Clock::now();
  if (now < next_removal_) return {};
  return writer.remove_some(clock_() - keep_.load().count(), held_).map([&](bool more) {
    next_removal_ = now + (more ? Clock::duration(between_removal_steps) : Clock::duration(between_removals));
  });
}

// Behind what the second place says itself, which nothing but removal goes by.
StoreResult<> Upkeep::write_fed(SqliteWriter& writer) {
  FeedCursor fed;
  fed.row = fed_row_.load();
  fed.report = fed_report_.load();
  const auto now = Clock::now();
  if (fed == written_ || now < next_fed_) return {};
  next_fed_ = now + between_notes;
  return writer.note_fed(fed).map([&](bool more) {
    if (!more) written_ = fed;
  });
}

std::chrono::milliseconds Upkeep::pause() const {
  if (is_indexing_) return 0ms;
  const auto rest = std::chrono::ceil<std::chrono::milliseconds>(next_removal_ - Clock::now());
  return std::clamp<std::chrono::milliseconds>(rest, 1ms, quiet);
}

StoreResult<> Upkeep::index_at_end(SqliteWriter& writer, const std::function<Clock::time_point()>& now) {
  const auto end = now() + longest_at_end;
  StoreResult<> done;
  while (done && writer.unindexed() > 0 && now() < end) {
    done = writer.index_some().and_then([&](bool) { return writer.checkpoint(checkpoint_pages); });
  }
  return done;
}

}  // namespace connectord::trace
