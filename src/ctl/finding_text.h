#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "connectord/model/finding.h"

// How findings look to a person, and in JSON.
namespace connectord::ctl {

class Paint {
 public:
  explicit Paint(bool colour) : colour_(colour) {}
  std::string operator()(std::string_view text, const char* code) const;

 private:
  bool colour_;
};

inline constexpr const char* bold = "1";
inline constexpr const char* red = "1;31";
inline constexpr const char* green = "32";
inline constexpr const char* yellow = "33";
inline constexpr const char* faint = "2";

const char* colour_of(model::Outcome outcome);

// The columns before what a finding says.
inline constexpr std::size_t outcome_width = 16;

// "expected", "seen" and "hint", each where there is one.
void print_details(std::ostream& out, const model::Finding& finding);

}  // namespace connectord::ctl
