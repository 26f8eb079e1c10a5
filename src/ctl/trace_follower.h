#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "connectord/trace/search.h"

namespace connectord::ctl {

// What is new in a message trace, each row once and the oldest first.
class TraceFollower {
 public:
  explicit TraceFollower(trace::Query query) : query_(std::move(query)) {}

  // The rows since the last time; the first time, none. Where there are more at once, Page::next is not empty.
  tl::expected<trace::Page, std::string> look(trace::Archive& archive);

 private:
  trace::Query query_;
};

}  // namespace connectord::ctl
