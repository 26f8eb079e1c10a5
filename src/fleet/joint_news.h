#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectord/trace/search.h"
#include "joint_search.h"
#include "postgres.h"

namespace connectord::fleet {

// How the joint trace is followed. Rows of one host are there in the order of their numbers, and the host's own last
// number is written with them; but hosts come in any order, and what one of them catches up is older than what others
// have written long since. So what somebody has seen is a number for each host.
struct JointMark {
  std::map<std::int64_t, std::int64_t> seen;  // by host

  // "1.4711_2.300_"
  std::string to_string() const;
  static std::optional<JointMark> parse(std::string_view text);
};

// A host, and up to which number of its rows the joint trace has them.
struct HostProgress {
  std::int64_t host = 0;
  std::int64_t last = 0;
};

// Which rows of a host are new: those behind `after`, up to `last`.
struct NewRange {
  std::int64_t host = 0;
  std::int64_t after = 0;
  std::int64_t last = 0;
};

// By host, and what has not been seen of it. A host that is not in the mark has come since; one that has fewer rows
// than were seen is begun anew (the database was restored). Pure.
std::vector<NewRange> new_ranges(const JointMark& mark, const std::vector<HostProgress>& hosts);

// What is behind the mark; with none nothing, and where to begin. `hosts` was read before on this connection.
postgres::Result<trace::News> read_news(postgres::Connection& connection, JointTexts& texts,
                                        const JointSearch::HostNames& names, const trace::Query& query,
                                        const std::optional<JointMark>& mark, const std::vector<HostProgress>& hosts);

}  // namespace connectord::fleet
