#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "connectord/base/recent_map.h"
#include "connectord/sts/mta_sts.h"

namespace connectord::sts {

// A policy as it was fetched. Times are seconds since 1970.
struct KeptPolicy {
  StsPolicy policy;
  std::string id;  // of the record by which it was found
  std::int64_t fetched = 0;
  std::int64_t used = 0;        // when mail asked for it last
  std::int64_t not_before = 0;  // after a failure to fetch it anew, when that may be tried again; not kept in the file

  // Until then it is followed, whatever became of it (RFC 8461, 3.3 and 5.1).
  std::int64_t ends() const { return fetched + policy.max_age.count(); }
  // From then on it is fetched anew, long before it ends: daily, or halfway (RFC 8461, 3.3).
  std::int64_t is_old() const;
};

// The policies that count, bounded in number and in what they take of memory; those that were not asked for the longest
// go first. Pure; the caller brings the time. Not thread-safe.
class PolicyBook {
 public:
  static constexpr std::size_t usual_most = 100'000;

  static constexpr std::size_t usual_bytes = std::size_t{64} << 20U;  // an estimate

  explicit PolicyBook(std::size_t most = usual_most, std::size_t most_bytes = usual_bytes)
      : most_bytes_(most_bytes), policies_(most) {}

  // The domain's policy if it has not ended; nullptr otherwise. Counts as a use.
  KeptPolicy* find(std::string_view domain, std::int64_t now);
  void keep(KeptPolicy policy);
  std::size_t size() const { return policies_.size(); }

  // Those that are to be fetched anew and that mail asked for in the last weeks, at most so many.
  std::vector<std::string> due(std::int64_t now, std::size_t most) const;

  // A file's text, one policy a line, and what such a text has. A line that is none is passed over.
  std::string to_text(std::int64_t now) const;
  void read_text(std::string_view text, std::int64_t now);

 private:
  void forget(std::string_view domain);

  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  base::RecentMap<KeptPolicy> policies_;
};

}  // namespace connectord::sts
