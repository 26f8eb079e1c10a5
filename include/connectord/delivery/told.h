#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/base/mutex.h"
#include "connectord/base/recent_map.h"

namespace connectord::delivery {

// On whose word the mail server protects mail to a next hop.
enum class ToldBy : std::uint8_t {
  nobody,     // it was told nothing, so its own settings count
  connector,  // an outbound connector's level
  mta_sts,    // the destination's policy
  dane        // the destination's TLSA records
};

// What the mail server was told of TLS of late, for who reads its log, which says how a connection was protected and
// not why. Bounded; a restart forgets it. Thread-safe.
class Told {
 public:
  static constexpr std::size_t usual_most = 20'000;

  explicit Told(std::size_t most = usual_most) : next_hops_(most) {}

  // `next_hop` as it was asked about; `time` in seconds since 1970.
  void note(std::string_view next_hop, ToldBy by, std::int64_t time);

  // What counted for a delivery at that time over one of these next hops. std::nullopt where that is not known: none
  // was asked about in the quarter of an hour before, or the answers were not all on the same word.
  std::optional<ToldBy> at(const std::vector<std::string>& next_hops, std::int64_t time) const;

 private:
  struct Answer {
    ToldBy by = ToldBy::nobody;
    std::int64_t first = 0;
    std::int64_t last = 0;

    bool counts_at(std::int64_t time) const;
  };
  struct Answers {
    Answer now;
    Answer before;
  };

  mutable base::Mutex mutex_;
  mutable base::RecentMap<Answers> next_hops_ GUARDED_BY(mutex_);
};

}  // namespace connectord::delivery
